package delim

// mark sets bit i of word n of dst where byte 64*n+i behind data is a newline or
// the delimiter, eight times which makes a word. It reads 64 bytes for each word.
//
//go:noescape
func mark(dst *[chunk]uint64, data *byte, words int, delimiter uint64)
