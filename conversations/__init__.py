"""What a person and the gateway wrote to each other, and answering by hand."""
