"""The network that finds lines, blocks and columns on a page, and how it learns.

Where it stands: beside ``model/crnn.py``, which reads the lines that it finds.

    config      the shapes of the network and of a training
    network     a grey page -> maps of lines, areas and kinds
    targets     drawn pages (``model/rendering/pages``) -> windows of them, degraded, with the maps that the network should give
    checkpoint  a training in a file
    training    ``python -m model.finder``: the loop
    export      what ``export.py`` calls: a checkpoint -> ONNX, if it gives what PyTorch gives
"""
