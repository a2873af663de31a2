"""The network and how it learns: PyTorch lives here, and nowhere in ``rasm``.

``crnn`` and ``checkpoint`` are the network and its file; ``data`` prepares and batches lines; ``rendering`` draws them.
"""
