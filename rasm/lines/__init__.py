"""Line images to text: the recogniser, CTC decoding, beam search."""
