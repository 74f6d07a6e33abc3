package text

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// HeadSize is how much of the beginning of a file Detect looks at, at most.
const HeadSize = 1 << 20

// A Confidence says how sure Detect is.
type Confidence uint8

// Low means: look at the text. Some of it will not be as it was meant, or
// another encoding is nearly as likely.
const (
	Low Confidence = iota + 1
	Medium
	High
)

// String returns "low", "medium" or "high".
func (c Confidence) String() string {
	switch c {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	}
	return "unknown"
}

// Detect tells how text is encoded by its first bytes, or by all of it if whole
// is set. It says why in words for people.
//
// UTF-8 is what it holds to: a few broken bytes, or one in a text of ASCII,
// leave a text UTF-8. Windows-1252 is the last resort, and never more than
// Low.
func Detect(head []byte, whole bool) (enc Encoding, sure Confidence, why string) {
	if len(head) > HeadSize {
		head, whole = head[:HeadSize], false
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return UTF16LE, High, "it begins with the byte order mark of UTF-16LE"
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return UTF16BE, High, "it begins with the byte order mark of UTF-16BE"
	}
	if enc, sure, why := detectUTF16(head); sure > 0 {
		return enc, sure, why
	}
	u := survey(UTF8, head, whole)
	switch {
	case u.total() == 0:
		return detectASCII(head, whole)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return UTF8, u.sure(), "it begins with the byte order mark of UTF-8; " + u.text()
	case u.bad == 0 && u.good < 3 && u.long == 0: // two bytes can be two katakana
		return UTF8, Medium, u.text()
	case u.bad == 0:
		return UTF8, High, u.text()
	}
	return detectBytes(head, whole, u)
}

// detectUTF16 tells UTF-16 without a mark by its zeros: a log is full of ASCII
// letters, one byte of which is zero then. Zeros that someone put into a text
// of single bytes do not stand beside its line feeds.
func detectUTF16(head []byte) (enc Encoding, sure Confidence, why string) {
	if bytes.IndexByte(head, 0) < 0 {
		return UTF8, 0, ""
	}
	units := len(head) / 2
	var zeros, feeds [2]int // in the first and the second byte of units
	lone := 0
	for i := range units {
		a, b := head[2*i], head[2*i+1]
		switch {
		case a == 0 && b == '\n':
			feeds[0]++
		case a == '\n' && b == 0:
			feeds[1]++
		case a == '\n' || b == '\n':
			lone++
		}
		if a == 0 {
			zeros[0]++
		}
		if b == 0 {
			zeros[1]++
		}
	}
	side, enc := 1, UTF16LE
	if zeros[0] > zeros[1] {
		side, enc = 0, UTF16BE
	}
	most, least := zeros[side], zeros[1-side]
	if units == 0 || most < units/5 || most == 0 || least > most/10 || feeds[1-side]+lone > feeds[side] {
		return UTF8, 0, ""
	}
	sure = Medium
	if feeds[side] > 0 {
		sure = High
	}
	place := [2]string{"first", "second"}[side]
	return enc, sure, fmt.Sprintf("the %s byte of %s of %s pairs is zero", place, count(most), count(units))
}

// detectASCII tells ISO-2022-JP, which is ASCII with escape sequences, from
// ASCII without.
func detectASCII(head []byte, whole bool) (Encoding, Confidence, string) {
	if bytes.Contains(head, []byte("\x1b$")) || bytes.Contains(head, []byte("\x1b(I")) {
		d, t := Reader{enc: ISO2022JP}, tally{enc: ISO2022JP}
		buf := make([]byte, 1<<12)
		for at := 0; at < len(head); {
			n, size := d.sequences(buf, head[at:], whole)
			if size == 0 {
				break
			}
			at += size
			t.good += survey(UTF8, buf[:n], true).good
		}
		t.bad = int(d.Broken())
		t.evidence = t.good
		if t.japanese() {
			return ISO2022JP, t.sure(), t.text()
		}
	}
	if whole {
		return UTF8, High, "it is ASCII"
	}
	return UTF8, High, fmt.Sprintf("its first %s bytes are ASCII", count(len(head)))
}

// detectBytes judges text that is not all UTF-8, as u says.
func detectBytes(head []byte, whole bool, u tally) (Encoding, Confidence, string) {
	e := survey(EUCJP, head, whole)
	if u.long > u.bad || u.bad <= u.total()/5 && (u.long > 0 || e.bad > 0) {
		return UTF8, u.sure(), u.text()
	}
	c := survey(CP932, head, whole)
	best := u
	switch {
	case e.japanese() && e.high && c.low <= c.good/10 && e.worse(c) <= 0:
		best = e
	case c.japanese():
		best = c
	case e.japanese():
		best = e
	case isLatin(head):
		return Windows1252, Low, "it is neither UTF-8 nor CP932 nor EUC-JP, and what is not ASCII stands among Latin letters"
	case c.evidence > 1 && c.worse(u) < 0 && c.worse(e) <= 0:
		best = c
	case e.evidence > 1 && e.worse(u) < 0:
		best = e
	}
	if best.enc == UTF8 {
		return UTF8, Low, u.text() + ", and nothing else fits better"
	}
	sure := best.sure()
	if u.good > u.total()/3 || best.enc == CP932 && !best.high { // mixed; katakana that could be EUC-JP
		sure = min(sure, Medium)
	}
	return best.enc, sure, best.text() + "; " + u.text()
}

// A tally is what a text is if it is read in an encoding.
type tally struct {
	enc       Encoding
	good, bad int  // sequences beyond ASCII
	long      int  // good ones of more than two bytes
	low       int  // good ones that begin with a byte below 0xa0
	high      bool // a good one has a byte of 0xe0 or more, or below 0xa0
	evidence  int  // good ones that hardly come about by chance
}

// survey reads head in an encoding that has a unit.
func survey(enc Encoding, head []byte, whole bool) tally {
	t := tally{enc: enc}
	u, _ := unitOf(enc)
	run := 0 // good sequences in a row
	for at := 0; at < len(head); {
		if head[at] < 0x80 {
			at, run = at+asciiRun(head[at:]), 0
			continue
		}
		r, size := u(head[at:], whole)
		if size == 0 {
			break
		}
		if r < 0 {
			t.bad++
			at, run = at+size, 0
			continue
		}
		t.add(head, at, size, run)
		at, run = at+size, run+1
	}
	return t
}

// asciiRun returns how many bytes of b, which begins with one, come before the first
// that is not ASCII; or less, if these are many.
func asciiRun(b []byte) int {
	n := 1
	for len(b)-n >= 8 && binary.LittleEndian.Uint64(b[n:])&0x8080808080808080 == 0 {
		n += 8
	}
	return n
}

// add counts a good sequence that follows run others.
func (t *tally) add(head []byte, at, size, run int) {
	t.good++
	first := head[at]
	if size > 2 {
		t.long++
	}
	if first < 0xa0 && first != 0x8e && first != 0x8f { // EUC-JP has these two
		t.low++
	}
	for _, c := range head[at : at+size] {
		t.high = t.high || c >= 0xe0 || c >= 0x80 && c < 0xa0
	}
	// Two letters in a row, or two high bytes, or a kanji that no Latin word
	// goes around.
	kanji := size > 1 && (head[at+1] >= 0x80 || first < 0xa0 && !(isLetter(head[at+1]) && at > 0 && isLetter(head[at-1])))
	switch {
	case run == 1 && !kanji:
		t.evidence += 2
	case run > 0 || kanji:
		t.evidence++
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

func (t tally) total() int { return t.good + t.bad }

// japanese reports whether the text makes sense in a Japanese encoding.
func (t tally) japanese() bool { return t.bad <= t.total()/10 && t.evidence > 1 }

// worse compares the shares that are broken.
func (t tally) worse(o tally) int {
	return cmp.Compare(int64(t.bad)*int64(o.total()), int64(o.bad)*int64(t.total()))
}

// sure says how sure an encoding is, given that it is the one.
func (t tally) sure() Confidence {
	switch {
	case t.bad == 0 && (t.enc == UTF8 || t.evidence >= enough):
		return High
	case t.bad <= t.total()/100:
		return Medium
	}
	return Low
}

// enough is how many letters speak for themselves.
const enough = 8

// text says what was counted.
func (t tally) text() string {
	switch {
	case t.bad == 0 && t.good == 1:
		return fmt.Sprintf("its one multi-byte sequence is %v", t.enc)
	case t.bad == 0:
		return fmt.Sprintf("all %s multi-byte sequences are %v", count(t.good), t.enc)
	case t.bad == 1:
		return fmt.Sprintf("1 of %s multi-byte sequences is not %v", count(t.total()), t.enc)
	}
	return fmt.Sprintf("%s of %s multi-byte sequences are not %v", count(t.bad), count(t.total()), t.enc)
}

// count writes a number with commas.
func count(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// isLatin reports whether the bytes beyond ASCII are letters and marks of
// Western Europe: each letter alone in a word of ASCII, each mark beside ASCII
// or another mark.
func isLatin(head []byte) bool {
	total, fits := 0, 0
	for i, c := range head {
		if c < 0x80 {
			continue
		}
		total++
		before, behind := byte(' '), byte(' ')
		if i > 0 {
			before = head[i-1]
		}
		if i+1 < len(head) {
			behind = head[i+1]
		}
		letter := c >= 0xc0 && c != 0xd7 && c != 0xf7
		alone := (before < 0x80 || isMark(before)) && (behind < 0x80 || isMark(behind))
		if alone && (letter && (isLetter(before) || isLetter(behind)) || isMark(c)) {
			fits++
		}
	}
	return total >= 3 && fits >= total-total/10
}

// isMark reports whether c is a quote, dash or sign of common text in
// Windows-1252.
func isMark(c byte) bool {
	return strings.IndexByte("\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99\xa0\xa3\xa7\xa9\xab\xae\xb0\xb4\xb7\xba\xbb\xbf", c) >= 0
}
