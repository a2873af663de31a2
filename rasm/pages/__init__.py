"""Files to pages, and pages to lines: decoding, straightening, finding, ordering, cropping, reading."""
