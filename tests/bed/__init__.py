"""The proof bed of the trim rules: real packages, loaded and used whole and trimmed, must behave alike."""
