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

// A line of the journal is {"hash":"…","record":{…}}: the hash is of the bytes
// of the record, in which stand its number and the hash of the one before.
const (
	hashTag  = "paytriage register 1\n"
	lineHead = `{"hash":"`
	lineMid  = `","record":`
	lineTail = "}\n"
	hashLen  = 2 * sha256.Size
)

// noHash stands before the first record.
var noHash = strings.Repeat("0", hashLen)

func hashOf(body []byte) string {
	h := sha256.New()
	io.WriteString(h, hashTag)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// encode returns the line of a record.
func encode(rec *Record) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteString(lineHead + noHash + lineMid)
	start := b.Len()
	if err := enc.Encode(rec); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1) // the line break of Encode
	line := b.Bytes()
	copy(line[len(lineHead):], hashOf(line[start:]))
	return append(line, lineTail...), nil
}

// errLine: these bytes are no line that was written whole.
var errLine = errors.New("is not as it was written: its bytes do not give its hash")

// decode reads a line.
func decode(line []byte) (*Record, error) {
	rest, ok := bytes.CutPrefix(line, []byte(lineHead))
	if !ok || len(rest) < hashLen {
		return nil, errLine
	}
	hash, rest := string(rest[:hashLen]), rest[hashLen:]
	body, ok := bytes.CutPrefix(rest, []byte(lineMid))
	if !ok {
		return nil, errLine
	}
	if body, ok = bytes.CutSuffix(body, []byte(lineTail)); !ok || hashOf(body) != hash {
		return nil, errLine
	}
	var v struct {
		Version int `json:"v"`
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, err
	}
	if v.Version != version {
		return nil, fmt.Errorf("is of version %d, and this program reads version %d", v.Version, version)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	rec := &Record{hash: hash}
	if err := dec.Decode(rec); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errLine
	}
	return rec, nil
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
	if err := l.read(bufio.NewReaderSize(f, 1<<20), h); err != nil {
		return nil, err
	}
	l.empty = l.book.Records == 0
	if at.IsZero() && before == nil || l.empty {
		return l, nil
	}
	return l, l.again(f, at, before)
}

// read applies all records.
func (l *loaded) read(r *bufio.Reader, h *head) error {
	var known int64 // bytes that the head vouches for
	if h != nil {
		known = h.Bytes
	}
	for l.size < known || !l.headBehind {
		line, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if len(line) == 0 {
			break
		}
		rec, bad := decode(line)
		if bad != nil && l.size >= known && errors.Is(bad, errLine) {
			// Behind the head: begun and never finished.
			rest, err := io.Copy(io.Discard, r)
			l.torn = int64(len(line)) + rest
			return err
		}
		if bad == nil {
			bad = l.book.apply(rec)
		}
		if bad != nil {
			return &DamageError{l.book.Records + 1, bad.Error()}
		}
		l.size += int64(len(line))
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
	r := bufio.NewReaderSize(io.LimitReader(f, l.size), 1<<20)
	now := l.book
	l.book = newBook()
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		rec, err := decode(line)
		if err != nil {
			return err
		}
		if !at.IsZero() && rec.At.After(at) {
			break
		}
		if before != nil {
			before(rec, l.book)
		}
		if err := l.book.apply(rec); err != nil {
			return err
		}
	}
	l.book.hashes = now.hashes
	return nil
}
