package payout

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/paytriage/paytriage/forensics/discreet"
)

// A painScanner cuts a file into tags and texts. It knows the XML that Write makes
// and no more: the declaration, tags without blanks in them, one attribute at most
// between double quotes, the references that stand for what a text may not hold,
// and line ends between elements. Everything else is an error, although XML would
// allow it: such a file is not ours.
type painScanner struct {
	r    *bufio.Reader
	line int
	tag  []byte // of a tag, without its brackets
	text []byte // with references resolved
}

// A painToken is a tag or a text. It is borrowed.
type painToken struct {
	text             []byte // of a text, never empty
	end              bool   // of a tag: it ends the element
	tag              []byte
	attribute, value []byte
}

// lineEnd is the text of a line end between elements.
var lineEnd = []byte("\n")

// maxToken bounds the bytes of a tag or of a text between two.
const maxToken = 1 << 20

var (
	errTooLong = errors.New("a tag or a text is longer than 1 MiB")
	errCut     = errors.New("the file is cut short")
)

// header reads the declaration.
func (s *painScanner) header() error {
	got := make([]byte, len(xml.Header))
	if _, err := io.ReadFull(s.r, got); err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCut
	} else if err != nil {
		return err
	}
	if string(got) != xml.Header {
		return errors.New("it does not begin with the declaration of XML 1.0 in UTF-8")
	}
	s.line++
	return nil
}

// next returns the next token.
func (s *painScanner) next() (painToken, error) {
	b, err := s.r.ReadByte()
	switch {
	case err == io.EOF:
		return painToken{}, errCut
	case err != nil:
		return painToken{}, err
	case b == '\n':
		s.line++
		return painToken{text: lineEnd}, nil
	case b == '<':
		return s.readTag()
	}
	if err := s.r.UnreadByte(); err != nil {
		return painToken{}, err
	}
	return s.readText()
}

// until appends what stands before a byte to dst, and leaves the byte.
func (s *painScanner) until(dst []byte, end byte) ([]byte, error) {
	for {
		_, err := s.r.Peek(1)
		if err == io.EOF {
			return dst, errCut
		}
		if err != nil {
			return dst, err
		}
		have, _ := s.r.Peek(s.r.Buffered())
		n := bytes.IndexByte(have, end)
		found := n >= 0
		if !found {
			n = len(have)
		}
		if len(dst)+n > maxToken {
			return dst, errTooLong
		}
		dst = append(dst, have[:n]...)
		if _, err := s.r.Discard(n); err != nil || found {
			return dst, err
		}
	}
}

// readTag reads a tag behind its bracket.
func (s *painScanner) readTag() (t painToken, err error) {
	if s.tag, err = s.until(s.tag[:0], '>'); err != nil {
		return t, err
	}
	if _, err := s.r.Discard(1); err != nil {
		return t, err
	}
	t.tag = s.tag
	if rest, ok := bytes.CutPrefix(t.tag, []byte("/")); ok {
		t.end, t.tag = true, rest
	}
	if name, attribute, ok := bytes.Cut(t.tag, []byte(" ")); ok && !t.end {
		t.tag = name
		var quoted bool
		if t.attribute, attribute, ok = bytes.Cut(attribute, []byte(`="`)); ok {
			t.value, quoted = bytes.CutSuffix(attribute, []byte(`"`))
		}
		if !quoted || !isName(t.attribute) || bytes.ContainsAny(t.value, "\"<&\r\n\t") || !utf8.Valid(t.value) {
			return t, fmt.Errorf("the tag <%.40q> is not of the shape that is written", s.tag)
		}
	}
	if !isName(t.tag) {
		return t, fmt.Errorf("the tag <%.40q> is not of the shape that is written", s.tag)
	}
	return t, nil
}

func isName(name []byte) bool {
	for i, ch := range name {
		letter := ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z'
		if !letter && (i == 0 || ch < '0' || ch > '9') {
			return false
		}
	}
	return len(name) > 0
}

// references are what a text is written with instead of what it may not hold.
var references = []struct{ written, means string }{
	{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&#34;", `"`}, {"&#39;", "'"},
}

// readText reads a text up to the next tag.
func (s *painScanner) readText() (t painToken, err error) {
	if s.text, err = s.until(s.text[:0], '<'); err != nil {
		return t, err
	}
	if !utf8.Valid(s.text) {
		return t, fmt.Errorf("text %q is not UTF-8", discreet.Shown(s.text))
	}
	out := s.text[:0] // never longer than what is read
	for rest := s.text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == '&':
			at := reference(rest)
			if at < 0 {
				return t, fmt.Errorf("text %q: a reference that is never written", discreet.Shown(rest))
			}
			out = append(out, references[at].means...)
			rest = rest[len(references[at].written):]
			continue
		case r == '>' || r == '"' || r == '\'' || unprintable(r):
			return t, fmt.Errorf("text %q: a character that is never written so", discreet.Shown(rest))
		}
		out = append(out, rest[:n]...)
		rest = rest[n:]
	}
	t.text = out
	return t, nil
}

// reference returns which reference a text begins with, -1 for none.
func reference(text []byte) int {
	for i, r := range references {
		if bytes.HasPrefix(text, []byte(r.written)) {
			return i
		}
	}
	return -1
}

// nothingMore reports anything but one line end behind the document.
func (s *painScanner) nothingMore() error {
	rest, err := io.ReadAll(io.LimitReader(s.r, 2))
	if err == nil && string(rest) != "\n" {
		err = errors.New("something follows the document, or its last line has no end")
	}
	return err
}
