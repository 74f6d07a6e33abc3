//go:build !amd64

package delim

import "unsafe"

func mark(dst *[chunk]uint64, data *byte, words int, delimiter uint64) {
	markWords(dst, unsafe.Slice(data, 64*words), delimiter)
}
