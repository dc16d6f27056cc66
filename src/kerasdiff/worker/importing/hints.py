"""Which errors say that code is written for Keras 2, wants the network or oneDNN? One table, by their words.

The words are those of Keras 3.15.1 with TensorFlow 2.21, tried one by one; of other versions they may not be known.
"""

from __future__ import annotations

import re

from kerasdiff.worker.keras_internals import generation, keras

_KERAS_2: tuple[tuple[str, str], ...] = (
    (r"'KerasTensor' object has no attribute '(_shape_val|get_shape|set_shape|op|graph|_keras_shape|eval|consumers|"
     r"value_index|type_spec|_uses_learning_phase|experimental_ref)'",
     "a symbolic tensor has `shape`, `dtype` and no more"),
    (r"'tuple' object has no attribute 'as_list'", "`shape` is a tuple"),
    (r"A KerasTensor cannot be used as input to a TensorFlow function", "use keras.ops, or call it inside a layer"),
    (r"`name` must be passed as a keyword argument|add_weight\(\) got (an unexpected|multiple values)",
     "write add_weight(shape=..., name=...)"),
    (r"`keras\.optimizers\.legacy` is not supported", "take the optimizer of keras.optimizers"),
    (r"Argument\(s\) not recognized: \{.*'(lr|decay|clipnorm_all)'", "write learning_rate, or a schedule for it"),
    (r"module '(keras|tensorflow\.keras|keras\._tf_keras\.keras)\.backend' has no attribute '\w+'",
     "what keras.backend held is in keras.ops"),
    (r"module 'keras[\w.]*\.(image|preprocessing|sequence|text)' has no attribute '\w+'",
     "keras.utils has what is left of keras.preprocessing"),
    (r"module '(keras|tensorflow\.keras|keras\._tf_keras\.keras)\.layers' has no attribute 'experimental'|"
     r"No module named '(tensorflow\.)?keras\.layers\.experimental[\w.]*'|"
     r"cannot import name '(experimental|preprocessing)' from '[\w.]*keras\.layers[\w.]*'",
     "what layers.experimental and its preprocessing held is in keras.layers, as keras.layers.Rescaling"),
    (r"module '[\w.]*keras\.optimizers' has no attribute 'experimental'|"
     r"No module named '(tensorflow\.)?keras\.optimizers\.experimental[\w.]*'|"
     r"cannot import name 'experimental' from '[\w.]*keras\.optimizers'",
     "what optimizers.experimental held is in keras.optimizers, as keras.optimizers.AdamW"),
    (r"module '[\w.]*keras\.mixed_precision' has no attribute 'experimental'|"
     r"No module named '(tensorflow\.)?keras\.mixed_precision\.experimental[\w.]*'|"
     r"cannot import name 'experimental' from '[\w.]*keras\.mixed_precision'",
     "what mixed_precision.experimental held is in keras.mixed_precision: Policy is keras.DTypePolicy"),
    (r"(attribute|name) 'CuDNN(LSTM|GRU)'", "keras.layers.LSTM and keras.layers.GRU run on cuDNN by themselves"),
    (r"(attribute|name) 'SyncBatchNormalization'", "write keras.layers.BatchNormalization(synchronized=True)"),
    (r"(attribute|name) 'ThresholdedReLU'", "write keras.layers.ReLU(threshold=...)"),
    (r"(attribute|name) 'np_utils'", "keras.utils has what np_utils held, as keras.utils.to_categorical"),
    (r"module '(keras|tensorflow\.keras)[\w.]*' has no attribute '(experimental|legacy|np_utils|generic_utils|merge|"
     r"CuDNN\w+|LocallyConnected\w+|ThresholdedReLU|Convolution\w+|Merge|Highway|MaxoutDense|normal|uniform|mse|mae|"
     r"multi_gpu_model|layer_utils|conv_utils|to_channels_first|wrappers)'", "it is gone, or stands elsewhere"),
    (r"No module named '(keras\.(engine|layers|utils|wrappers|legacy|backend|applications|preprocessing|objectives|"
     r"initializations|callbacks|models|optimizers|losses|metrics)[\w.]*|tensorflow\.(keras\.layers\.experimental|"
     r"keras\.wrappers|keras\.preprocessing|contrib|python\.keras)[\w.]*)'",
     "import from keras, keras.layers, keras.ops"),
    (r"cannot import name '(CuDNN\w+|LocallyConnected\w+|ThresholdedReLU|\w*[Mm]erge|Convolution\w+|experimental|"
     r"ImageDataGenerator|multi_gpu_model|np_utils|generic_utils|conv_utils|Tokenizer|wrappers|engine|"
     r"SyncBatchNormalization|Layer|InputSpec|backend_config|TensorBoardColab)' "
     r"from '(keras|tensorflow\.keras|tensorflow\.python\.keras)[\w.]*'",
     "it is gone, or stands elsewhere"),
    (r"Unrecognized keyword arguments passed to \w+: \{.*'(weights|input_length|fused|border_mode|input|output|inputs?|"
     r"virtual_batch_size|dim_ordering|subsample|init|W_regularizer|mode|bias|batch_input_shape|output_dim)'",
     "the argument is gone, or has another name"),
    (r"object has no attribute '(fit_generator|evaluate_generator|predict_generator|predict_classes|predict_proba|"
     r"get_output_at|get_input_at|add_update|get_updates_for|_?inbound_nodes|_?outbound_nodes|output_shape)'",
     "it is gone"),
    (r"Layer `add_metric\(\)` method is deprecated", "give metrics to compile()"),
    (r"module 'tensorflow' has no attribute '(contrib|placeholder|Session|ConfigProto|get_variable|global_variables\w*|"
     r"layers|flags|app|to_float|log|random_normal|variable_scope|set_random_seed|logging|reset_default_graph)'",
     "and for TensorFlow 1"),
)  # fmt: skip
"""What such code runs into, and what Keras 3 wants."""

_NETWORK = re.compile(
    r"URL fetch failure|urlopen error|Name or service not known|Temporary failure in name resolution|"
    r"Failed to resolve|Max retries exceeded|Network is unreachable|No route to host|getaddrinfo failed|"
    r"Could not resolve host|couldn't connect to|We couldn't connect"
)


_ONE_DNN = re.compile(r"CPU implementations? do(es)? not yet support dilation rates")
"""What plain kernels lack: oneDNN, which is off so that equal graphs give equal bits, has it in float32."""


def hint(text: str) -> str:
    """What an error of these words comes from, as a clause; empty where it is not known."""
    for pattern, wanted in _KERAS_2 if generation() == "third" else ():
        if re.search(pattern, text):
            return f"this is written for Keras 2, and here is Keras {keras.__version__}: {wanted}"
    if _ONE_DNN.search(text):
        return "oneDNN can, which is off here: --env TF_ENABLE_ONEDNN_OPTS=1 turns it on"
    if _NETWORK.search(text):
        return "it downloads something, and that address cannot be reached from here"
    return ""
