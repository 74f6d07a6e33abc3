// Package event holds what was read: logins and charges as fixed-width rows,
// grouped by account, and where each row came from.
//
// A row carries no text. Accounts, devices, sessions, addresses, user agents
// and shops are 64-bit keys (see Key); only what is reported is turned back
// into text, by reading the row's record again at its Pos (see Log.Text). That
// is what lets hundreds of millions of rows be judged in the memory of a
// laptop: a login is 72 bytes, a charge 96, neither holds a pointer, and settled rows are
// packed to half of that (see Parts).
//
// Rows of one account lie together in one Part, in time order, ties broken by
// content. So the order in which lines were written, files were named or
// workers finished cannot be seen by anything that reads a Log.
//
// Two different texts with one key are possible in theory (about 3 in
// 100,000 for a log of 50 million distinct values, and an attacker who knows
// the function could aim for it). Every text that is reported is therefore
// compared with every other text of its key; a difference ends the run.
package event

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/event/spill"
)

// A Key stands for a text value: an account, device, session, shop and so on.
// Zero is "absent". Keys of different kinds of thing may coincide; they are
// never compared with each other.
type Key uint64

// An Addr is a network address. An IPv4 address is 0xffff in the upper half
// and the address in the lower; an IPv6 address is its first 64 bits, the
// network that one home or handset has, since the rest changes daily. Zero is
// "absent".
type Addr uint64

const v4Mark Addr = 0xffff << 32

// AddrFrom4 returns the Addr of an IPv4 address in host order.
func AddrFrom4(v4 uint32) Addr { return v4Mark | Addr(v4) }

// Is4 reports whether a is an IPv4 address.
func (a Addr) Is4() bool { return a>>32 == v4Mark>>32 }

// Net returns the network that a belongs to for the purpose of counting
// neighbours: the /24 of an IPv4 address, the /48 of an IPv6 one (the block
// that one customer site is given, RFC 6177).
func (a Addr) Net() Addr {
	if a.Is4() {
		return a &^ 0xff
	}
	return a &^ 0xffff
}

// A Pos says where a row came from: the source in the upper 16 bits, the
// offset of its record's first byte in the (unpacked) source in the next 42,
// and which of the rows of that record it is in the lower 6.
type Pos uint64

// MaxSources is how many sources one Log may have, MaxOffset how long one may
// be when unpacked, in bytes, MaxSub the number of the last row that one record
// may make, from 0.
const (
	MaxSources = 1 << 16
	MaxOffset  = 1<<42 - 1
	MaxSub     = 1<<6 - 1
)

// At returns the Pos of the first row of the record at a byte offset in a
// source.
func At(source int, offset int64) Pos { return AtRow(source, offset, 0) }

// AtRow returns the Pos of any row of a record.
func AtRow(source int, offset int64, sub int) Pos {
	return Pos(source)<<48 | Pos(offset)<<6 | Pos(sub)
}

// Source returns the index of the source in Log.Sources.
func (p Pos) Source() int { return int(p >> 48) }

// Offset returns the offset in the unpacked source, in bytes.
func (p Pos) Offset() int64 { return int64(p >> 6 & MaxOffset) }

// Sub returns which row of its record it is.
func (p Pos) Sub() int { return int(p & MaxSub) }

// A Country is an ISO 3166 code of two upper-case letters. Zero is "absent".
type Country uint16

// String returns the two letters, or "".
func (c Country) String() string {
	if c == 0 {
		return ""
	}
	return string([]byte{byte(c >> 8), byte(c)})
}

// A Login is one row of an auth log: anything done to get into, out of, or to
// the settings of an account.
type Login struct {
	Time    int64 // microseconds since 1970, UTC
	Account Key
	Device  Key
	Session Key
	Addr    Addr
	Agent   Key // user agent
	ID      Key // event_id where there is one, else of the fields that have no column here
	Pos     Pos
	ASN     uint32
	Country Country
	Action  Action
	// Word packs outcome, reason and two marks; use the methods.
	Word uint8
}

// A Charge is one row of a payment log, or the whole life of one transaction
// when several rows told of it: the time of the first, the status of the last.
type Charge struct {
	Time    int64 // microseconds since 1970, UTC
	Account Key
	Txn     Key
	// Ref is what the kind points at: the original transaction of a refund,
	// reversal or chargeback; the other account of a transfer or payout; the
	// instrument (funding_ref) of a top-up or payment.
	Ref     Key
	Amount  int64 // minor units
	Device  Key
	Session Key
	Addr    Addr
	Store   Key // store_id, or merchant_id where there is no store
	Rest    Key // of the fields that have no column here
	Pos     Pos

	Currency uint32 // a money.Currency
	Kind     Kind
	Status   Status
	Funding  Funding
	Mark     uint8 // see HasTerminal
}

// The marks of a charge, for text that the row does not hold.
const (
	HasTerminal = 1 << iota // its record names a register
	HasOperator             // and who worked there
)

// A Part is a share of all accounts with all their rows. Logins are in the
// order of CompareLogins, Charges in the order of CompareCharges, so that both
// go account by account in the same order.
type Part struct {
	Logins  []Login
	Charges []Charge
}

// Sort puts the rows of a part in their order.
func (p *Part) Sort() {
	slices.SortFunc(p.Logins, func(a, b Login) int { return CompareLogins(&a, &b) })
	slices.SortFunc(p.Charges, func(a, b Charge) int { return CompareCharges(&a, &b) })
}

// Any reports whether there are any rows.
func (p *Part) Any() bool { return len(p.Logins)+len(p.Charges) > 0 }

// A Log is everything that was read for one investigation. It is built once
// and never changes afterwards, so any number of goroutines may read it.
type Log struct {
	Parts   *Parts
	Memory  *spill.Memory // where the parts lie, nil for any
	Sources []Source
	Rejects []Reject
	// Unmatched are the entries of a list of what to leave out that no row
	// matched.
	Unmatched []string

	// Text returns the text of rows, by reading their records again. The
	// result has one entry for each position, in the order asked. A source
	// that changed since it was read is an error.
	Text func(ctx context.Context, rows []Pos) ([]Text, error)
	// Raw returns the records of rows as they stand in their sources, without
	// their line ends, in the same way. It is nil where there are no sources.
	Raw func(ctx context.Context, rows []Pos) ([]string, error)
}

// Room returns the memory that work on the log may use.
func (l *Log) Room() *spill.Memory {
	if l.Memory == nil {
		return spill.New(0, "")
	}
	return l.Memory
}

// Rows returns how many rows the log has.
func (l *Log) Rows() int64 {
	var n int64
	for i := range l.Parts.Len() {
		n += l.Parts.Rows(i)
	}
	return n
}

// A Role says what a source was given as.
type Role uint8

// The roles of a source.
const (
	Auth     Role = iota + 1 // --auth
	Payments                 // --payments
	History                  // --history: auth rows that only teach what is normal
)

// String returns the word used in summaries.
func (r Role) String() string { return [...]string{"", "auth", "payments", "history"}[r] }

// A Source says what was read of one input and what became of its rows:
// Read = Accepted + Rejected + Duplicates, always.
type Source struct {
	Name        string // as given, or the path below the folder that was given
	Member      string // of the archive that Name names before it, behind a "!"
	Role        Role
	Compression string   // "", "gzip", "zstd", …
	Format      string   // profile, syntax and encoding, "" for a neutral CSV in UTF-8
	Bytes       int64    // as stored
	Unpacked    int64    // as parsed
	SHA256      [32]byte // of all that is stored; zeros if it was not read to its end

	Read, Accepted, Rejected, Duplicates int64
	// Passed counts accepted records that are no event of an account, such as a
	// fee, by what they are.
	Passed map[string]int64
	// LeftOut counts accepted rows that were asked to be left out, by why.
	LeftOut map[string]int64
	// Broken counts bytes that mean nothing in the encoding of the source. They
	// are kept as they are.
	Broken int64
	// Repeats counts accepted rows that equal another accepted row but may
	// not be called duplicates: whole-second stamps and no id.
	Repeats int64

	First, Last time.Time        // of the accepted rows
	Unread      [NumFields]int64 // fields of accepted rows that were no such value, and taken as absent
	Extra       []string         // columns that are not of the schema, as written
	Absent      []string         // columns of the schema that the source lacks
	Notes       []string         // what was assumed
	Trouble     string           // why the source could not be read to its end, or ""
}

// Hash returns the SHA-256 in hexadecimal, "" if the source was not read to its end.
func (s *Source) Hash() string {
	if s.SHA256 == ([32]byte{}) {
		return ""
	}
	return hex.EncodeToString(s.SHA256[:])
}

// A Reject is a row that was not understood, or that contradicts another.
type Reject struct {
	Pos    Pos
	Line   int64 // first physical line of the record, from 1
	Column string
	Reason string
	Raw    string // the record as it stands, without its line end
	Others string // where the rows stand that it contradicts, "source:line" joined by "; "
}

// A Text is the text of one row by column of the neutral schema, with the
// line it stands on.
type Text struct {
	Line   int64
	Fields [NumFields]string
}

// Get returns the text of a field.
func (t *Text) Get(f Field) string { return t.Fields[f] }
