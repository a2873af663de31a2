"""What is run now and then from a checkout, as ``python -m scripts.NAME``: how models, tables and test pictures were made."""
