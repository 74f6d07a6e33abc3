package jsonl

import "unicode/utf8"

// unescape appends the text of a string, given without its quotes, to dst. An
// escape of half a surrogate pair stands for no character and is kept as it is
// written.
func unescape(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		n := special(b, i)
		if dst = append(dst, b[i:n]...); n >= len(b) {
			break
		}
		switch c := b[n+1]; c {
		case 'u':
			dst, i = unescapeRune(dst, b, n)
			continue
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		default:
			dst = append(dst, c)
		}
		i = n + 2
	}
	return dst
}

// unescapeRune appends the character of the escape at b[i], which may be two of
// them, and returns the index behind it.
func unescapeRune(dst, b []byte, i int) ([]byte, int) {
	const size = len(`\u0000`)
	r := hex(b[i+2:])
	if !isSurrogate(r) {
		return utf8.AppendRune(dst, r), i + size
	}
	next := i + size
	if r < lowSurrogate && next+size <= len(b) && b[next] == '\\' && b[next+1] == 'u' {
		if low := hex(b[next+2:]); isSurrogate(low) && low >= lowSurrogate {
			r = (r-highSurrogate)<<10 | (low - lowSurrogate) + 0x10000
			return utf8.AppendRune(dst, r), next + size
		}
	}
	return append(dst, b[i:next]...), next
}

const (
	highSurrogate = 0xd800
	lowSurrogate  = 0xdc00
	surrogateEnd  = 0xe000
)

func isSurrogate(r rune) bool { return r >= highSurrogate && r < surrogateEnd }

// hex returns the number that four hexadecimal digits make.
func hex(b []byte) rune {
	return rune(unhex[b[0]])<<12 | rune(unhex[b[1]])<<8 | rune(unhex[b[2]])<<4 | rune(unhex[b[3]])
}
