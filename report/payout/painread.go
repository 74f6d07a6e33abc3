package payout

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
)

// An element is one that a file may hold, by the way from its root.
type element struct {
	tag    string
	within map[string]*element
	// to says where the text goes of an element that holds text. Each may stand
	// once in what it describes.
	to func(in *painReader) *string
	// start and end act on an element that repeats.
	start func(in *painReader)
	end   func(in *painReader) error
}

// at returns the element at the end of a way, which it makes.
func (e *element) at(way ...string) *element {
	for _, tag := range way {
		next := e.within[tag]
		if next == nil {
			next = &element{tag: tag}
			if e.within == nil {
				e.within = map[string]*element{}
			}
			e.within[tag] = next
		}
		e = next
	}
	return e
}

// A painGroup is what a PmtInf says of itself.
type painGroup struct {
	id, method, payOn, name, iban, bic, system, bank, branch, accountType, account string
	totals                                                                         painTotals
	currency                                                                       string
}

// A painTransfer is what a CdtTrfTxInf says.
type painTransfer struct {
	id, amount, currency, name, iban, bic, system, bank, branch, accountType, account string
}

// painTotals are totals that a file states, and those that it has.
type painTotals struct {
	saidCount, saidSum string
	count              int64
	sum                big.Int
}

func (t *painTotals) check(where string) error {
	if sum := decimalSum(&t.sum); t.saidCount != strconv.FormatInt(t.count, 10) || t.saidSum != sum {
		return fmt.Errorf("%s says %.20q transfers that add up to %.30q, but holds %d that add up to %s", where, t.saidCount, t.saidSum, t.count, sum)
	}
	return nil
}

// elements returns what a file of a version holds. Anything else in it is an
// error: it might say something of the money.
func (f *painFormat) elements() *element {
	root := &element{}
	all := root.at("Document", "CstmrCdtTrfInitn")
	text := func(e *element, to func(in *painReader) *string, way ...string) { e.at(way...).to = to }

	head := all.at("GrpHdr")
	text(head, func(in *painReader) *string { return &in.id }, "MsgId")
	text(head, func(in *painReader) *string { return &in.createdAt }, "CreDtTm")
	text(head, func(in *painReader) *string { return &in.totals.saidCount }, "NbOfTxs")
	text(head, func(in *painReader) *string { return &in.totals.saidSum }, "CtrlSum")
	text(head, func(in *painReader) *string { return &in.initiator }, "InitgPty", "Nm")

	group := all.at("PmtInf")
	group.start = func(in *painReader) { in.group = painGroup{} }
	group.end = (*painReader).endGroup
	text(group, func(in *painReader) *string { return &in.group.id }, "PmtInfId")
	text(group, func(in *painReader) *string { return &in.group.method }, "PmtMtd")
	text(group, func(in *painReader) *string { return &in.group.totals.saidCount }, "NbOfTxs")
	text(group, func(in *painReader) *string { return &in.group.totals.saidSum }, "CtrlSum")
	text(group, func(in *painReader) *string { return &in.group.payOn }, f.dayTags...)
	text(group, func(in *painReader) *string { return &in.group.name }, "Dbtr", "Nm")
	text(group, func(in *painReader) *string { return &in.group.iban }, "DbtrAcct", "Id", "IBAN")
	text(group, func(in *painReader) *string { return &in.group.account }, "DbtrAcct", "Id", "Othr", "Id")
	text(group, func(in *painReader) *string { return &in.group.accountType }, "DbtrAcct", "Tp", "Prtry")
	text(group, func(in *painReader) *string { return &in.group.bic }, "DbtrAgt", "FinInstnId", f.bicTag)
	text(group, func(in *painReader) *string { return &in.group.system }, "DbtrAgt", "FinInstnId", "ClrSysMmbId", "ClrSysId", "Cd")
	text(group, func(in *painReader) *string { return &in.group.bank }, "DbtrAgt", "FinInstnId", "ClrSysMmbId", "MmbId")
	text(group, func(in *painReader) *string { return &in.group.branch }, "DbtrAgt", "BrnchId", "Id")

	transfer := group.at("CdtTrfTxInf")
	transfer.start = func(in *painReader) { in.transfer = painTransfer{} }
	transfer.end = (*painReader).endTransfer
	text(transfer, func(in *painReader) *string { return &in.transfer.id }, "PmtId", "EndToEndId")
	text(transfer, func(in *painReader) *string { return &in.transfer.amount }, "Amt", "InstdAmt")
	text(transfer, func(in *painReader) *string { return &in.transfer.name }, "Cdtr", "Nm")
	text(transfer, func(in *painReader) *string { return &in.transfer.iban }, "CdtrAcct", "Id", "IBAN")
	text(transfer, func(in *painReader) *string { return &in.transfer.account }, "CdtrAcct", "Id", "Othr", "Id")
	text(transfer, func(in *painReader) *string { return &in.transfer.accountType }, "CdtrAcct", "Tp", "Prtry")
	text(transfer, func(in *painReader) *string { return &in.transfer.bic }, "CdtrAgt", "FinInstnId", f.bicTag)
	text(transfer, func(in *painReader) *string { return &in.transfer.system }, "CdtrAgt", "FinInstnId", "ClrSysMmbId", "ClrSysId", "Cd")
	text(transfer, func(in *painReader) *string { return &in.transfer.bank }, "CdtrAgt", "FinInstnId", "ClrSysMmbId", "MmbId")
	text(transfer, func(in *painReader) *string { return &in.transfer.branch }, "CdtrAgt", "BrnchId", "Id")
	return root
}

// A painReader goes through the elements of a file, so that it is never held
// whole.
type painReader struct {
	format *painFormat
	head   *File
	each   func(*Payment) error

	way  []*element // from the root to where the reader is
	tags []string   // their names
	text []byte     // of the innermost

	id, createdAt, initiator string
	totals                   painTotals
	group                    painGroup
	transfer                 painTransfer
	groups                   int
	x                        big.Int
}

func (f *painFormat) read(r io.Reader, head *File, each func(*Payment) error) error {
	in := &painReader{format: f, head: head, each: each, way: []*element{f.root}}
	s := &painScanner{r: bufio.NewReaderSize(r, 64<<10), line: 1}
	err := s.header()
	for err == nil {
		var t painToken
		if t, err = s.next(); err == nil {
			err = in.take(&t)
		}
		if err == nil && len(in.tags) == 0 {
			if err = s.nothingMore(); err == nil {
				return in.end()
			}
		}
	}
	return fmt.Errorf("line %d: %w", s.line, err)
}

// take acts on a token.
func (in *painReader) take(t *painToken) error {
	at := in.way[len(in.way)-1]
	if len(t.text) > 0 {
		if between := t.text[0] == '\n'; between && at.to == nil {
			return nil
		} else if between || at.to == nil {
			return fmt.Errorf("text %q between elements", discreet.Shown(t.text))
		}
		in.text = append(in.text, t.text...)
		return nil
	}
	if t.end {
		if n := len(in.tags); n == 0 || in.tags[n-1] != string(t.tag) {
			return fmt.Errorf("</%.40s> ends nothing", t.tag)
		}
		return in.close()
	}
	next := at.within[string(t.tag)]
	if next == nil {
		return fmt.Errorf("<%.40s> does not belong there", t.tag)
	}
	return in.start(next, t.attribute, t.value)
}

// start begins an element, with its one attribute if it has one.
func (in *painReader) start(next *element, attribute, value []byte) error {
	in.way, in.tags, in.text = append(in.way, next), append(in.tags, next.tag), in.text[:0]
	if next.start != nil {
		next.start(in)
	}
	want := "" // the attribute
	switch next.tag {
	case "Document":
		want = "xmlns"
	case "InstdAmt":
		want = "Ccy"
	}
	if string(attribute) != want {
		return fmt.Errorf("attribute %.40q of <%s>, not %q", attribute, next.tag, want)
	}
	switch want {
	case "xmlns":
		if string(value) != in.format.namespace {
			return fmt.Errorf("the document is of %.80q, not %s", value, in.format.namespace)
		}
	case "Ccy":
		in.transfer.currency = string(value)
	}
	return nil
}

// close ends the innermost element.
func (in *painReader) close() error {
	e, tag := in.way[len(in.way)-1], in.tags[len(in.tags)-1]
	in.way, in.tags = in.way[:len(in.way)-1], in.tags[:len(in.tags)-1]
	if e.to != nil {
		to := e.to(in)
		if *to != "" || len(in.text) == 0 {
			return fmt.Errorf("<%s> stands twice, or is empty", tag)
		}
		*to = string(in.text)
		in.text = in.text[:0]
	}
	if e.end != nil {
		return e.end(in)
	}
	return nil
}

// endTransfer hands on a payment.
func (in *painReader) endTransfer() error {
	t := &in.transfer
	c, err := currency([]byte(t.currency))
	if err != nil {
		return err
	}
	if in.group.totals.count == 0 {
		in.group.currency = t.currency
	}
	if t.currency != in.group.currency {
		return fmt.Errorf("a transfer in %s among those in %s", t.currency, in.group.currency)
	}
	digits, _ := c.Exponent()
	minor, err := strconv.ParseInt(strings.Replace(t.amount, ".", "", 1), 10, 64)
	if err != nil || string(decimal(nil, minor, digits)) != t.amount {
		return fmt.Errorf("%q is no amount in %s", discreet.Shown(t.amount), c)
	}
	party, err := readParty(painParty{name: t.name, iban: t.iban, bic: t.bic, bank: t.bank, branch: t.branch, accountType: t.accountType, account: t.account}, t.system)
	if err != nil {
		return err
	}
	p := Payment{Name: t.id, Amount: minor, Currency: c, Payee: party.payee()}
	if p.Name == "" {
		return errors.New("a transfer without EndToEndId")
	}
	if err := in.each(&p); err != nil {
		return err
	}
	for _, totals := range []*painTotals{&in.group.totals, &in.totals} {
		totals.count++
		addControl(&totals.sum, &in.x, &p)
	}
	return nil
}

// readParty checks that an account is one thing: an IBAN, or an account at a
// Japanese bank.
func readParty(p painParty, system string) (painParty, error) {
	whole := p.bank != "" && p.branch != "" && p.accountType != "" && p.account != "" && system == clearing
	none := p.bank == "" && p.branch == "" && p.accountType == "" && p.account == "" && system == ""
	if p.name == "" || p.iban != "" && !none || p.iban == "" && !whole || p.account != "" && len(p.account) != 7 {
		return p, errors.New("a party without a name, or whose account is neither an IBAN nor one at a Japanese bank")
	}
	return p, nil
}

// endGroup checks what a PmtInf says of itself; all of them say the same of the
// payer.
func (in *painReader) endGroup() error {
	g := &in.group
	in.groups++
	if g.totals.count == 0 {
		return errors.New("a PmtInf without transfers")
	}
	if err := g.totals.check("PmtInf"); err != nil {
		return err
	}
	c, err := currency([]byte(g.currency))
	if err != nil {
		return err
	}
	payOn, err := time.Parse(dateLayout, g.payOn)
	if err != nil {
		return fmt.Errorf("ReqdExctnDt: %q is no date", discreet.Shown(g.payOn))
	}
	payer, err := readParty(painParty{name: g.name, iban: g.iban, bic: g.bic, bank: g.bank, branch: g.branch, accountType: g.accountType, account: g.account}, g.system)
	if err != nil {
		return err
	}
	if in.groups == 1 {
		in.head.PayOn, in.head.Debtor = payOn, payer.debtor()
	}
	if g.id != groupID(in.id, c) || g.method != "TRF" || !in.head.PayOn.Equal(payOn) || in.head.Debtor != payer.debtor() || g.name != in.initiator {
		return errors.New("this PmtInf has another id, method, day or payer than the file")
	}
	return nil
}

// end checks what the file says of itself.
func (in *painReader) end() error {
	created, err := time.Parse(painTime, in.createdAt)
	if err != nil {
		return fmt.Errorf("CreDtTm: %q is no time in UTC", discreet.Shown(in.createdAt))
	}
	in.head.ID, in.head.CreatedAt = in.id, created
	if in.groups == 0 {
		return errors.New("a file without PmtInf")
	}
	return in.totals.check("GrpHdr")
}
