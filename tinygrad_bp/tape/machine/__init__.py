"""A tape as machine code, through LLVM."""
