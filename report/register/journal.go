package register

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paytriage/paytriage/report/atomicfile"
)

// A DamageError says which record of a journal is not as it was written, or not
// borne out by those before it.
type DamageError struct {
	Record  int64
	Problem string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s: record %d: %s", JournalName, e.Record, e.Problem)
}

// A record stands in the journal as the line {"hash":"…","record":{…}} and its rows
// behind it. The hash is of all that follows it: in it stand the number of the
// record and the hash of the one before.
const (
	hashTag  = "paytriage register 1\n"
	lineHead = `{"hash":"`
	lineMid  = `","record":`
	lineTail = "}\n"
	hashLen  = 2 * sha256.Size
)

// noHash stands before the first record.
var noHash = strings.Repeat("0", hashLen)

func hashOf(text ...string) string {
	h := sha256.New()
	io.WriteString(h, hashTag)
	var chunk [16 << 10]byte // a text may be large, and is not copied as a whole
	for _, t := range text {
		for len(t) > 0 {
			n := copy(chunk[:], t)
			h.Write(chunk[:n])
			t = t[n:]
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// encode returns a record as it stands in the journal: its line, and the rows
// behind it.
func encode(rec *Record) (line, behind string, err error) {
	var rows strings.Builder
	rec.Rows = rec.appendRows(&rows)
	rec.RowBytes = int64(rows.Len())
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(rec); err != nil {
		return "", "", err
	}
	body := strings.TrimSuffix(b.String(), "\n")
	return lineHead + hashOf(body, "\n", rows.String()) + lineMid + body + lineTail, rows.String(), nil
}

// errLine: these bytes are no record that was written whole.
var errLine = errors.New("is not as it was written: its bytes do not give its hash")

// cut cuts the line of a record into hash and record.
func cut(line string) (hash, body string, ok bool) {
	line, ok = strings.CutSuffix(line, "\n")
	if !ok || strings.Contains(line, "\n") || !strings.HasPrefix(line, lineHead) || !strings.HasSuffix(line, "}") || len(line) < len(lineHead)+hashLen+len(lineMid) {
		return "", "", false
	}
	line = line[len(lineHead) : len(line)-1]
	body, ok = strings.CutPrefix(line[hashLen:], lineMid)
	return line[:hashLen], body, ok
}

// decode reads a record of its line and the rows behind it: for a book, or with
// all its rows.
func decode(line, rows string, all bool) (*Record, error) {
	hash, body, ok := cut(line)
	if !ok || hashOf(body, "\n", rows) != hash {
		return nil, errLine
	}
	var v struct {
		Version int `json:"v"`
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return nil, err
	}
	if v.Version != version {
		return nil, fmt.Errorf("is of version %d, and this program reads version %d", v.Version, version)
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	rec := &Record{hash: hash}
	if err := dec.Decode(rec); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF || rec.RowBytes != int64(len(rows)) {
		return nil, errLine
	}
	return rec, rec.readRows(rows, all)
}

// A reader cuts a journal into records.
type reader struct {
	*bufio.Reader
	left int64 // bytes
}

func newReader(r io.Reader, size int64) *reader {
	return &reader{bufio.NewReaderSize(r, 1<<18), size}
}

// next returns the line of the next record and its rows, io.EOF behind the last.
// What is no whole record is errLine.
func (r *reader) next() (line, rows string, err error) {
	line, err = r.ReadString('\n')
	r.left -= int64(len(line))
	switch {
	case err == io.EOF && line == "":
		return "", "", io.EOF
	case err == io.EOF:
		return "", "", errLine
	case err != nil:
		return "", "", err
	}
	var size struct {
		RowBytes int64 `json:"row_bytes"`
	}
	_, body, ok := cut(line)
	if !ok || json.Unmarshal([]byte(body), &size) != nil || size.RowBytes < 0 || size.RowBytes > r.left {
		return "", "", errLine
	}
	if size.RowBytes == 0 {
		return line, "", nil
	}
	var text strings.Builder
	text.Grow(int(size.RowBytes))
	n, err := io.CopyN(&text, r, size.RowBytes)
	r.left -= n
	if err == io.EOF {
		err = errLine
	}
	return line, text.String(), err
}

// A head names the last record.
type head struct {
	Seq   int64  `json:"seq"`
	Hash  string `json:"hash"`
	Bytes int64  `json:"bytes"` // of the journal
}

func (r *Register) writeHead() error {
	data, err := json.Marshal(head{r.book.Records, r.book.Head, r.size})
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(r.dir, HeadName), 0o600, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
}

// readHead returns the head, nil where there is none.
func readHead(dir string) (*head, error) {
	data, err := os.ReadFile(filepath.Join(dir, HeadName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h := &head{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(h); err != nil || h.Seq < 1 || h.Bytes < 1 {
		return nil, &DamageError{0, HeadName + " cannot be read: it should name the last record"}
	}
	return h, nil
}

// A loaded is what a folder holds.
type loaded struct {
	book       *Book
	size       int64 // of the records that count
	torn       int64 // bytes of one that does not
	empty      bool
	headBehind bool // the head does not name the last record yet
}

// load reads and verifies a journal, and then once more as Read says.
func load(dir string, at time.Time, before func(*Record, *Book)) (*loaded, error) {
	h, err := readHead(dir)
	if err != nil {
		return nil, err
	}
	l := &loaded{book: newBook()}
	f, err := os.Open(filepath.Join(dir, JournalName))
	if errors.Is(err, fs.ErrNotExist) {
		if h != nil {
			return nil, &DamageError{1, fmt.Sprintf("the journal is gone, and %s says that it has %d records", HeadName, h.Seq)}
		}
		l.empty = true
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := l.read(newReader(f, info.Size()), info.Size(), h); err != nil {
		return nil, err
	}
	l.empty = l.book.Records == 0
	if at.IsZero() && before == nil || l.empty {
		return l, nil
	}
	return l, l.again(f, at, before)
}

// read applies all records of a journal that has size bytes.
func (l *loaded) read(r *reader, size int64, h *head) error {
	var known int64 // bytes that the head vouches for
	if h != nil {
		known = h.Bytes
	}
	for l.size < known || !l.headBehind {
		line, rows, bad := r.next()
		if bad == io.EOF {
			break
		}
		var rec *Record
		if bad == nil {
			rec, bad = decode(line, rows, false)
		}
		if errors.Is(bad, errLine) && l.size >= known {
			// Behind the head: begun and never finished.
			l.torn = size - l.size
			return nil
		}
		if bad == nil {
			bad = l.book.apply(rec)
		}
		if bad != nil {
			return &DamageError{l.book.Records + 1, bad.Error()}
		}
		l.size += int64(len(line) + len(rows))
		if l.size > known {
			l.headBehind = true
		}
		if h != nil && rec.Seq == h.Seq && (rec.hash != h.Hash || l.size != h.Bytes) {
			return &DamageError{rec.Seq, "is another one than " + HeadName + " names"}
		}
	}
	if h != nil && l.book.Records < h.Seq {
		return &DamageError{l.book.Records + 1, fmt.Sprintf("is gone: the journal was cut; %s says that it has %d records", HeadName, h.Seq)}
	}
	if _, err := r.ReadByte(); err == nil {
		return &DamageError{l.book.Records + 1, "stands behind the record that " + HeadName + " names, and more than one: the head was set back or is gone"}
	}
	return nil
}

// again reads the journal once more, up to a time.
func (l *loaded) again(f *os.File, at time.Time, before func(*Record, *Book)) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := newReader(io.LimitReader(f, l.size), l.size)
	hashes := l.book.hashes
	l.book = newBook()
	for {
		line, rows, err := r.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		rec, err := decode(line, rows, false)
		if err != nil {
			return err
		}
		if !at.IsZero() && rec.At.After(at) {
			break
		}
		if before != nil {
			told, err := decode(line, rows, true)
			if err != nil {
				return err
			}
			before(told, l.book)
		}
		if err := l.book.apply(rec); err != nil {
			return err
		}
	}
	l.book.hashes = hashes
	return nil
}
