"""Where does a report go and how does it look? Forms, pages for a browser, width and colours."""
