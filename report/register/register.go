// Package register is the memory of what was approved and paid: a journal that
// only grows, in a ledger folder that the service keeps outside every case.
//
// Each record of the journal carries the hash of the one before it, so that a
// record that was changed, taken out, put in or moved is found, and named, when
// the folder is opened. So is every figure: a record that the ones before it do
// not bear out (a payment of a line that nobody approved, an amount that is not
// what was owed less what was exported) is never written, and refused when read.
// From the journal follows, for every obligation, what was exported for it, so
// that nothing is exported twice, however often and on whatever case it is asked.
//
// # What can be seen, and what cannot
//
// A small file, head.json, names the last record and the length of the journal
// and is exchanged after each append. A journal that lost its end, or that has
// more behind it than one interrupted append can leave, does not fit its head and
// is refused. The hashes have no key: somebody who can write in the folder can
// recompute the whole chain, or set both files back to an earlier state. That is
// seen only from outside, because every set of payout files names the record that
// it stands on, and every command prints the hash of the last one: Book.Has tells
// whether a hash that was noted is still there.
//
// # Crashes
//
// A record counts from the moment its last byte is on the disk. A record of which
// a part was written never counted, and is dropped. An export is one record: the
// files are written whole under a name of the ledger folder, then the record that
// names them with their hashes is appended, then they are put in their place. A
// run that dies before the append leaves nothing; after it, the next one that
// opens the register puts the files in their place. Between the two there is
// nothing.
package register

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/paytriage/paytriage/report/atomicfile"
)

// Names of the files in a ledger folder.
const (
	JournalName = "register.jsonl"
	HeadName    = "head.json"
)

// ErrNone: there is no register in the folder.
var ErrNone = errors.New("holds no register")

// A Register is a ledger folder that is open for writing. One goroutine may use
// it, and no other process can open it so meanwhile.
type Register struct {
	// Recovered says what an interrupted run had left and Open put right.
	Recovered []string
	// Created says that Open made the register.
	Created bool

	dir    string
	lock   *atomicfile.Lock
	book   *Book
	size   int64 // of the journal
	broken bool
	tried  bool // the last append reached the journal
	now    func() time.Time
	step   func(name string) // called between the steps of a commit; set by tests
}

// Options say how to open a register.
type Options struct {
	// Create makes the register where the folder is empty or not there.
	Create bool
	// Now is the clock. Records carry the time, and nothing else comes from it.
	Now func() time.Time
}

// Open opens a register for writing: it takes the lock of the folder, verifies
// the whole journal, and finishes or clears away what a killed run left.
func Open(dir string, o Options) (*Register, error) {
	if err := findFolder(dir, o.Create); err != nil {
		return nil, err
	}
	lock, err := atomicfile.TakeLock(dir, "ledger")
	if err != nil {
		return nil, err
	}
	r := &Register{dir: dir, lock: lock, now: o.Now, step: func(string) {}}
	if err := r.open(o.Create); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// findFolder sees to it that there is a folder.
func findFolder(dir string, create bool) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create:
		return atomicfile.Dir(dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: there is no such folder", dir, ErrNone)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: is not a folder", dir)
	}
	return nil
}

func (r *Register) open(create bool) error {
	if err := atomicfile.RemoveLeftovers(r.dir); err != nil {
		return err
	}
	l, err := load(r.dir, time.Time{}, nil)
	if err != nil {
		return err
	}
	r.book, r.size = l.book, l.size
	if l.empty {
		if !create {
			return fmt.Errorf("%s: %w", r.dir, ErrNone)
		}
		r.Created = true
		if err := onlyOurs(r.dir); err != nil {
			return err
		}
	}
	if err := atomicfile.Own(r.dir); err != nil {
		return err
	}
	if l.torn > 0 {
		if err := atomicfile.Append(r.journal(), r.size, ""); err != nil {
			return err
		}
		r.Recovered = append(r.Recovered, fmt.Sprintf("dropped %d bytes of a record that an interrupted run had begun and that never counted", l.torn))
	}
	if l.headBehind {
		if err := r.writeHead(); err != nil {
			return err
		}
	}
	return r.finishExports()
}

// onlyOurs refuses to start a register among other things: the path may be
// mistyped, and a new register knows of no earlier payment.
func onlyOurs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name[0] != '.' && name != JournalName && name != HeadName {
			return fmt.Errorf("%s: %w, but other things (%q); a new one is started only in an empty folder", dir, ErrNone, name)
		}
	}
	return nil
}

// Read reads a register without writing anything, as it stood at a time; the
// zero time means now. The whole journal is verified whatever the time. Where
// before is not nil it is called for each record up to then, with the book as it
// was before it; both are borrowed.
func Read(dir string, at time.Time, before func(*Record, *Book)) (*Book, error) {
	if err := findFolder(dir, false); err != nil {
		return nil, err
	}
	// A run may append meanwhile; then the head has changed too.
	const tries = 5
	for try := 1; ; try++ {
		was, _ := os.ReadFile(filepath.Join(dir, HeadName))
		l, err := load(dir, at, before)
		if err == nil && l.empty {
			return nil, fmt.Errorf("%s: %w", dir, ErrNone)
		}
		if err == nil {
			return l.book, nil
		}
		is, _ := os.ReadFile(filepath.Join(dir, HeadName))
		if try == tries || string(was) == string(is) {
			return nil, err
		}
	}
}

// Close gives the register up.
func (r *Register) Close() { r.lock.Release() }

// Book returns what the register knows. It is valid until the next append.
func (r *Register) Book() *Book { return r.book }

func (r *Register) journal() string { return filepath.Join(r.dir, JournalName) }

// Append writes one record that is no export and returns it as written, without
// its lines: those of an approval are let go, here and at the caller's.
func (r *Register) Append(rec Record) (*Record, error) {
	if rec.Export != nil {
		return nil, errors.New("register: an export is committed with its files")
	}
	return r.append(rec)
}

// append checks a record against all that is known, writes it and counts it.
func (r *Register) append(rec Record) (*Record, error) {
	if r.broken {
		return nil, errors.New("register: not usable after an error")
	}
	r.broken, r.tried = true, false
	at := r.now().UTC().Truncate(time.Microsecond)
	if at.Before(r.book.Last) {
		return nil, fmt.Errorf("%s: the clock says %s, but the last record is of %s: set the clock", r.dir, at.Format(time.RFC3339), r.book.Last.Format(time.RFC3339))
	}
	rec.Version, rec.Seq, rec.Prev, rec.At = version, r.book.Records+1, r.book.Head, at
	line, rows, err := encode(&rec)
	if err != nil {
		return nil, err
	}
	// They can be a million, and stand in rows.
	if rec.Export != nil {
		rec.Export.Entries = nil
	}
	if rec.Approve != nil {
		rec.Approve.Lines = nil
	}
	// What is applied is what is read back, so that what is written can be read.
	written, err := decode(line, rows, false)
	if err != nil {
		return nil, err
	}
	if err := r.book.apply(written); err != nil {
		return nil, err
	}
	r.step("checked")
	r.tried = true
	if err := atomicfile.Append(r.journal(), r.size, line, rows); err != nil {
		return nil, fmt.Errorf("%w; whether the record counts is seen when the register is opened next", err)
	}
	r.size += int64(len(line) + len(rows))
	r.step("appended")
	if err := r.writeHead(); err != nil {
		return nil, fmt.Errorf("%w; record %d counts nevertheless", err, written.Seq)
	}
	r.step("head")
	r.broken = false
	return written, nil
}
