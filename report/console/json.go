package console

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// JSON returns a writer for JSON that writes everything Clean would escape as \uNNNN:
// to a program it says the same, and a terminal cannot be driven by it. Each value
// must come in one piece, as encoding/json writes it.
func JSON(w io.Writer) io.Writer { return jsonWriter{w} }

type jsonWriter struct{ w io.Writer }

func (j jsonWriter) Write(b []byte) (int, error) {
	safe := escapeJSON(b)
	n, err := j.w.Write(safe)
	if err == nil && n != len(safe) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// escapeJSON returns b, or a copy with escapes. In JSON only strings can hold what is
// escaped, but for the blanks between values.
func escapeJSON(b []byte) []byte {
	var out []byte
	kept := 0
	for i := 0; i < len(b); {
		if c := b[i]; c < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || !unsafeRune(r) {
			i += n
			continue
		}
		out = append(out, b[kept:i]...)
		if r < 0x10000 {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		i += n
		kept = i
	}
	if out == nil {
		return b
	}
	return append(out, b[kept:]...)
}
