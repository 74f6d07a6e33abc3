package text

import (
	"encoding/binary"
	"unicode/utf16"
)

// utf16 decodes UTF-16 of either order.
func (d *Reader) utf16(w *writer, src []byte, end bool) (at int) {
	big := d.enc == UTF16BE
	for at+1 < len(src) && w.room() {
		if n := w.ascii16(src[at:], big); n > 0 {
			at += 2 * n
			continue
		}
		if n := w.kanji16(src[at:], big); n > 0 {
			at += 2 * n
			continue
		}
		u := unit16(src[at:], big)
		switch {
		case u < 0xd800 || u > 0xdfff:
			w.letter(rune(u))
			at += 2
			continue
		case u < 0xdc00 && at+3 < len(src):
			if r := utf16.DecodeRune(rune(u), rune(unit16(src[at+2:], big))); r != 0xfffd {
				w.letter(r)
				at += 4
				continue
			}
		case u < 0xdc00 && !end:
			return at
		}
		d.mark(at)
		w.surrogate(u)
		at += 2
	}
	if end && at == len(src)-1 && w.room() {
		d.mark(at)
		w.last = -1 // nothing follows, so there is nothing to be taken for a letter
		w.broken(src[at:])
		at++
	}
	return at
}

func unit16(b []byte, big bool) uint16 {
	if big {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

// ascii16 copies ASCII from the beginning of src, and returns how many letters.
func (w *writer) ascii16(src []byte, big bool) (n int) {
	dst := w.dst[w.n:]
	shift, mask := 0, uint64(0xff80ff80ff80ff80)
	if big {
		shift, mask = 8, 0x80ff80ff80ff80ff
	}
	for n+4 <= len(dst) && 2*n+8 <= len(src) {
		v := binary.LittleEndian.Uint64(src[2*n:])
		if v&mask != 0 {
			break
		}
		v >>= shift
		binary.LittleEndian.PutUint32(dst[n:], uint32(v|v>>8)&0xffff|uint32(v>>16|v>>24)&0xffff0000)
		n += 4
	}
	for n < len(dst) && 2*n+2 <= len(src) {
		u := unit16(src[2*n:], big)
		if u >= 0x80 {
			break
		}
		dst[n] = byte(u)
		n++
	}
	w.n += n
	return n
}

// kanji16 copies letters from the beginning of src for as long as each is one
// unit that becomes three bytes, and returns how many letters.
func (w *writer) kanji16(src []byte, big bool) (letters int) {
	dst, n := w.dst, w.n
	for 2*letters+1 < len(src) && n+maxOut <= len(dst) {
		u := unit16(src[2*letters:], big)
		if u < 0x800 || u>>11 == 0xd800>>11 {
			break
		}
		b := dst[n : n+3 : n+3]
		b[0], b[1], b[2] = 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f
		n += 3
		letters++
	}
	w.n = n
	return letters
}
