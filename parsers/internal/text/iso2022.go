package text

import "bytes"

// A mode is what the bytes of ISO-2022-JP stand for until the next escape
// sequence or line feed.
type mode uint8

const (
	modeASCII mode = iota
	modeKana
	mode0208
	mode0212
)

// escapes are the sequences that set a mode. The Latin letters of JIS X 0201
// are read as ASCII, as in CP932.
var escapes = []struct {
	text string
	mode mode
}{
	{"\x1b(B", modeASCII}, {"\x1b(J", modeASCII}, {"\x1b(I", modeKana},
	{"\x1b$@", mode0208}, {"\x1b$B", mode0208}, {"\x1b$(D", mode0212},
}

// iso2022 decodes ISO-2022-JP. A line must end in ASCII; one that does not ends
// its mode, so that a missing escape sequence spoils one line and not the file.
func (d *Reader) iso2022(w *writer, src []byte, end bool) (at int) {
	for at < len(src) && w.room() {
		if d.mode == modeASCII {
			run := src[at:min(len(src), at+len(w.dst)-w.n)]
			if i := bytes.IndexByte(run, 0x1b); i >= 0 {
				run = run[:i]
			}
			if n := w.ascii(run); n > 0 {
				at += n
				continue
			}
		}
		c := src[at]
		switch {
		case c == 0x1b:
			size, ok := d.escape(src[at:], end)
			if !ok {
				return at
			}
			if at += size; size > 0 {
				continue
			}
			w.letter(0x1b) // a control character as any other
		case c == '\n':
			d.mode = modeASCII
			w.letter('\n')
		case c < 0x80 && (d.mode == modeASCII || c < 0x21 || c == 0x7f):
			w.letter(rune(c))
		case c >= 0x80:
			d.mark(at)
			w.broken(src[at : at+1])
		default:
			size := d.kanji(w, src, at, end)
			if size == 0 {
				return at
			}
			at += size
			continue
		}
		at++
	}
	return at
}

// escape reads an escape sequence, and returns 0 if it is none of ours. It is
// not ok if src ends too early to tell.
func (d *Reader) escape(src []byte, end bool) (size int, ok bool) {
	for _, e := range escapes {
		switch {
		case bytes.HasPrefix(src, []byte(e.text)):
			d.mode = e.mode
			return len(e.text), true
		case !end && bytes.HasPrefix([]byte(e.text), src):
			return 0, false
		}
	}
	return 0, true
}

// kanji decodes a letter that begins with a byte from 0x21 to 0x7e. It returns
// 0 if src ends too early.
func (d *Reader) kanji(w *writer, src []byte, at int, end bool) (size int) {
	r, size := rune(broken), 1
	switch {
	case d.mode == modeKana:
		if src[at] < 0x60 {
			r = rune(src[at]) + 0xff61 - 0x21
		}
	case at+1 < len(src):
		if second := src[at+1]; second > 0x20 && second < 0x7f {
			table := &jisPairs().x0208
			if d.mode == mode0212 {
				table = &jisPairs().x0212
			}
			r, size = letter(table[src[at]][second|0x80]), 2
		}
	case !end:
		return 0
	}
	if r < 0 {
		d.mark(at)
		w.broken(src[at : at+size])
	} else {
		w.letter(r)
	}
	return size
}
