package payout

import (
	"bufio"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
)

// Zengin 総合振込: records of 120 bytes, a header, a record for each transfer, a
// trailer with count and total, an end. Numbers are right-aligned and filled up
// with zeros, texts left-aligned and filled up with blanks.
//
// The name of a payment stands in EDI情報 (識別表示 Y), so that the bank's answer
// can be joined: see ediName. 振込指定区分 is 7, 新規コード 0 and 手形交換所
// 0000, which say nothing. A file has no year, no batch id and no account id.
const (
	recordLength  = 120
	zenginCount   = 999_999         // 合計件数 has six digits
	zenginTotal   = 999_999_999_999 // 合計金額 has twelve
	zenginAmount  = 9_999_999_999   // 振込金額 has ten
	zenginPayee   = 30              // bytes of 受取人名
	zenginDebtor  = 40              // bytes of 委託者名
	zenginPlace   = 15              // bytes of the name of a bank or branch
	ediLength     = 20              // bytes of EDI情報
	maxSequence   = 999             // fits behind the id there
	idHexLength   = 20              // of a refund_id, behind "id"
	debtorAccount = "1 ordinary, 2 current or 9 other"
	payeeAccount  = "1 ordinary, 2 current, 4 savings or 9 other"
)

var yen = money.MustCurrency("JPY")

var (
	zenginFormat     = zenginWith("zengin", "Zengin 総合振込, a line for each record", "\r\n")
	zenginBareFormat = zenginWith("zengin-bare", "Zengin 総合振込, without line ends", "")
)

func zenginWith(name, doc, lineEnd string) format {
	return format{
		Format:       Format{Name: name, Ext: ".txt", Doc: doc, MaxPayments: zenginCount},
		checkBatch:   checkZenginBatch,
		checkPayment: checkZenginPayment,
		write:        func(w *bufio.Writer, b *Batch) error { return writeZengin(w, b, lineEnd) },
		read:         readZengin,
		carried:      zenginCarries,
		carriedHead:  zenginHead,
	}
}

func checkZenginBatch(c *checker) {
	d := &c.b.Debtor
	c.date()
	c.digits("debtor code", d.Code, 1, 10)
	c.half("debtor kana", d.Kana, zenginDebtor, partyNames, true)
	c.place("debtor ", d.BankCode, d.BankName, d.BranchCode, d.BranchName)
	c.account("debtor ", d.AccountType, d.AccountNumber, "129", debtorAccount)
	var sum money.Sum
	for i := range c.b.Payments {
		sum.Add(c.b.Payments[i].Amount)
	}
	if total, err := sum.Total(); err != nil || total > zenginTotal {
		c.add("amount", TooMany, "the total is more than the %d yen of one file; split the payments into several files", int64(zenginTotal))
	}
}

func checkZenginPayment(c *checker) {
	p := &c.p.Payee
	if c.p.Name != "" {
		if _, ok := ediName(c.p.Name); !ok {
			c.add("refund_id", BadField, "it is not id and 20 hex digits, with a sequence up to %d, so it does not fit the file", maxSequence)
		}
	}
	if c.p.Currency != yen {
		c.add("currency", WrongCurrency, "only yen can be paid")
	}
	if c.p.Amount > zenginAmount {
		c.add("amount", BadAmount, "it is more than the %d yen of one transfer", int64(zenginAmount))
	}
	c.half("kana", p.Kana, zenginPayee, partyNames, true)
	c.place("", p.BankCode, p.BankName, p.BranchCode, p.BranchName)
	c.account("", p.AccountType, p.AccountNumber, "1249", payeeAccount)
}

// place checks a bank and a branch. Their names may be empty: the codes decide.
func (c *checker) place(who, bank, bankName, branch, branchName string) {
	c.digits(who+"bank_code", bank, 4, 4)
	c.half(who+"bank_name", bankName, zenginPlace, bankNames, false)
	c.digits(who+"branch_code", branch, 3, 3)
	c.half(who+"branch_name", branchName, zenginPlace, bankNames, false)
}

func (c *checker) account(who, kind, number, kinds, doc string) {
	if c.need(who+"account_type", kind) && (len(kind) != 1 || !strings.Contains(kinds, kind)) {
		c.add(who+"account_type", BadField, "%q is not %s", discreet.Shown(kind), doc)
	}
	c.digits(who+"account_number", number, 1, 7)
}

// digits checks a field of plain digits.
func (c *checker) digits(field, value string, least, most int) {
	if !c.need(field, value) {
		return
	}
	if len(value) < least || len(value) > most || strings.Trim(value, "0123456789") != "" {
		size := fmt.Sprint(most)
		if least < most {
			size = fmt.Sprintf("%d to %d", least, most)
		}
		c.add(field, BadField, "%q is not %s digits", discreet.Shown(value), size)
	}
}

// half checks a name in half-width letters.
func (c *checker) half(field, value string, length int, allowed class, needed bool) {
	half, err := halfWidth(value, allowed)
	n := utf8.RuneCountInString(half)
	switch {
	case err != nil:
		c.add(field, Unspellable, "%v", err)
	case n == 0 && needed:
		c.add(field, MissingField, "it is empty")
	case n > length:
		c.add(field, TooLong, "%d letters of half width, but the field has %d; a name is never cut", n, length)
	}
}

// ediName returns the name of a payment as EDI情報 holds it: the 80 bits of the
// id in base32, 16 letters, and the sequence if there is one, "-2" to "-999".
func ediName(name string) (edi string, ok bool) {
	id, sequence, numbered := strings.Cut(name, "-")
	digits, isID := strings.CutPrefix(id, "id")
	bits, err := hex.DecodeString(digits)
	if !isID || err != nil || len(digits) != idHexLength || strings.ToLower(digits) != digits {
		return "", false
	}
	edi = base32.StdEncoding.EncodeToString(bits)
	if !numbered {
		return edi, true
	}
	n, err := strconv.Atoi(sequence)
	if err != nil || n < 2 || n > maxSequence || ledger.Name(id, n) != name {
		return "", false
	}
	return edi + "-" + sequence, true
}

// nameOf returns the name that EDI情報 holds, "" where it is none of ours.
func nameOf(edi string) string {
	letters, sequence, numbered := strings.Cut(edi, "-")
	bits, err := base32.StdEncoding.DecodeString(letters)
	if err != nil || len(bits) != idHexLength/2 {
		return ""
	}
	name := "id" + hex.EncodeToString(bits)
	if numbered {
		name += "-" + sequence
	}
	if back, ok := ediName(name); !ok || back != edi {
		return ""
	}
	return name
}

// A record is 120 bytes that are filled from the left.
type record []byte

func (r record) number(value string, length int) record {
	for range length - len(value) {
		r = append(r, '0')
	}
	return append(r, value...)
}

func (r record) int(value int64, length int) record {
	return r.number(strconv.FormatInt(value, 10), length)
}

// name appends a name that was found to be writable.
func (r record) name(value string, length int, allowed class) record {
	end := len(r) + length
	half, _ := halfWidth(value, allowed)
	return record(appendHalf(r, half)).fill(end)
}

func (r record) fill(end int) record {
	for len(r) < end {
		r = append(r, ' ')
	}
	return r
}

func writeZengin(w *bufio.Writer, b *Batch, lineEnd string) error {
	d := &b.Debtor
	put := func(r record) error {
		if r = r.fill(recordLength); len(r) != recordLength {
			return fmt.Errorf("a record of %d bytes, not %d", len(r), recordLength)
		}
		_, err := w.Write(append(r, lineEnd...))
		return err
	}
	r := make(record, 0, recordLength+2)
	r = append(r, "1210"...).number(d.Code, 10).name(d.Kana, zenginDebtor, partyNames)
	r = append(r, b.PayOn.Format("0102")...)
	r = r.number(d.BankCode, 4).name(d.BankName, zenginPlace, bankNames).number(d.BranchCode, 3).name(d.BranchName, zenginPlace, bankNames)
	if err := put(r.number(d.AccountType, 1).number(d.AccountNumber, 7)); err != nil {
		return err
	}
	var sum money.Sum
	for i := range b.Payments {
		p, to := &b.Payments[i], &b.Payments[i].Payee
		edi, _ := ediName(p.Name)
		r = append(r[:0], '2').number(to.BankCode, 4).name(to.BankName, zenginPlace, bankNames)
		r = r.number(to.BranchCode, 3).name(to.BranchName, zenginPlace, bankNames).number("", 4)
		r = r.number(to.AccountType, 1).number(to.AccountNumber, 7).name(to.Kana, zenginPayee, partyNames)
		r = append(r.int(p.Amount, 10).number("", 1), edi...).fill(111)
		if err := put(append(r, '7', 'Y')); err != nil {
			return err
		}
		sum.Add(p.Amount)
	}
	total, err := sum.Total()
	if err != nil {
		return err
	}
	if err := put(append(r[:0], '8').int(int64(len(b.Payments)), 6).int(total, 12)); err != nil {
		return err
	}
	return put(append(r[:0], '9'))
}

// readZengin reads one batch. Records may stand in lines (CR LF, LF or CR, all
// alike) or not, and an end-of-file mark may follow.
func readZengin(r io.Reader, head *File, each func(*Payment) error) error {
	in := &zenginReader{r: bufio.NewReaderSize(r, 64<<10)}
	if err := in.next("1"); err != nil {
		return err
	}
	if err := in.header(head); err != nil {
		return in.wrong(err)
	}
	for {
		if err := in.next("28"); err != nil {
			return err
		}
		if in.rec[0] == '8' {
			break
		}
		var p Payment
		if err := in.data(&p); err != nil {
			return in.wrong(err)
		}
		if err := each(&p); err != nil {
			return in.wrong(err)
		}
	}
	if err := in.trailer(head.Totals); err != nil {
		return in.wrong(err)
	}
	if err := in.next("9"); err != nil {
		return err
	}
	return in.end()
}

// A zenginReader cuts a file into records.
type zenginReader struct {
	r       *bufio.Reader
	rec     [recordLength]byte
	n       int    // records read
	lineEnd string // behind each record, known from the first
}

func (in *zenginReader) wrong(err error) error { return fmt.Errorf("record %d: %w", in.n, err) }

// next reads a record, which must be of one of some kinds.
func (in *zenginReader) next(kinds string) error {
	if in.n > 0 {
		if err := in.skipLineEnd(); err != nil {
			return in.wrong(err)
		}
	}
	in.n++
	n, err := io.ReadFull(in.r, in.rec[:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("%d bytes, not %d: the file is cut short", n, recordLength)
	}
	if err != nil {
		return in.wrong(err)
	}
	if !strings.ContainsRune(kinds, rune(in.rec[0])) {
		return in.wrong(fmt.Errorf("データ区分 is %q, but %s must stand here", in.rec[0], strings.Join(strings.Split(kinds, ""), " or ")))
	}
	return nil
}

func (in *zenginReader) skipLineEnd() error {
	if in.n == 1 {
		in.lineEnd = ""
		b, _ := in.r.Peek(2)
		switch {
		case string(b) == "\r\n":
			in.lineEnd = "\r\n"
		case len(b) > 0 && (b[0] == '\r' || b[0] == '\n'):
			in.lineEnd = string(b[:1])
		}
	}
	b, err := in.r.Peek(len(in.lineEnd))
	if err != nil && err != io.EOF {
		return err
	}
	if string(b) != in.lineEnd {
		return errors.New("another line end than behind the first record, or a record that is too long")
	}
	_, err = in.r.Discard(len(b))
	return err
}

// end reads what may follow the last record.
func (in *zenginReader) end() error {
	rest, err := io.ReadAll(io.LimitReader(in.r, 4))
	if err != nil {
		return in.wrong(err)
	}
	text := strings.TrimPrefix(string(rest), in.lineEnd)
	if text != "" && text != "\x1a" {
		return in.wrong(errors.New("something follows the end record; a file of several batches is not read"))
	}
	return nil
}

// number returns a field of digits.
func (in *zenginReader) number(name string, at, length int) (string, error) {
	b := in.rec[at : at+length]
	for _, ch := range b {
		if ch < '0' || ch > '9' {
			return "", fmt.Errorf("%s at byte %d is %q, not %d digits", name, at+1, discreet.Shown(b), length)
		}
	}
	return string(b), nil
}

// text returns a field of half-width letters without the blanks behind it.
func (in *zenginReader) text(name string, at, length int) (string, error) {
	s, ok := parseHalf(in.rec[at : at+length])
	if !ok {
		return "", fmt.Errorf("%s at byte %d holds bytes that are no half-width letters: %q", name, at+1, discreet.Shown(in.rec[at:at+length]))
	}
	return strings.TrimRight(s, " "), nil
}

// A zenginField is where a field stands and where its value goes.
type zenginField struct {
	name       string
	at, length int
	isText     bool
	to         *string
}

func (in *zenginReader) fields(fields ...zenginField) (err error) {
	for _, f := range fields {
		if f.isText {
			*f.to, err = in.text(f.name, f.at, f.length)
		} else {
			*f.to, err = in.number(f.name, f.at, f.length)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *zenginReader) header(head *File) error {
	var kind, payOn string
	d := &head.Debtor
	err := in.fields(
		zenginField{"種別コード and コード区分", 1, 3, false, &kind},
		zenginField{"委託者コード", 4, 10, false, &d.Code},
		zenginField{"委託者名", 14, 40, true, &d.Kana},
		zenginField{"振込指定日", 54, 4, false, &payOn},
		zenginField{"仕向銀行番号", 58, 4, false, &d.BankCode},
		zenginField{"仕向銀行名", 62, 15, true, &d.BankName},
		zenginField{"仕向支店番号", 77, 3, false, &d.BranchCode},
		zenginField{"仕向支店名", 80, 15, true, &d.BranchName},
		zenginField{"預金種目", 95, 1, true, &d.AccountType},
		zenginField{"口座番号", 96, 7, true, &d.AccountNumber})
	if err != nil {
		return err
	}
	if kind != "210" {
		return fmt.Errorf("種別コード and コード区分 are %s, not 21 (総合振込) and 0 (JIS)", kind)
	}
	head.PayOn, err = time.Parse("0102", payOn)
	if err != nil {
		return fmt.Errorf("振込指定日 is %s, no month and day", payOn)
	}
	return nil
}

func (in *zenginReader) data(p *Payment) error {
	var amount, edi, identification string
	to := &p.Payee
	err := in.fields(
		zenginField{"被仕向銀行番号", 1, 4, false, &to.BankCode},
		zenginField{"被仕向銀行名", 5, 15, true, &to.BankName},
		zenginField{"被仕向支店番号", 20, 3, false, &to.BranchCode},
		zenginField{"被仕向支店名", 23, 15, true, &to.BranchName},
		zenginField{"預金種目", 42, 1, false, &to.AccountType},
		zenginField{"口座番号", 43, 7, false, &to.AccountNumber},
		zenginField{"受取人名", 50, 30, true, &to.Kana},
		zenginField{"振込金額", 80, 10, false, &amount},
		zenginField{"EDI情報", 91, 20, true, &edi},
		zenginField{"識別表示", 112, 1, true, &identification})
	if err != nil {
		return err
	}
	p.Currency = yen
	p.Amount, _ = strconv.ParseInt(amount, 10, 64) // ten digits
	if identification == "Y" {
		p.Name = nameOf(edi)
	}
	return nil
}

// trailer compares the totals of the file with those of its payments.
func (in *zenginReader) trailer(got Totals) error {
	var count, total string
	if err := in.fields(zenginField{"合計件数", 1, 6, false, &count}, zenginField{"合計金額", 7, 12, false, &total}); err != nil {
		return err
	}
	n, _ := strconv.ParseInt(count, 10, 64)
	sum, _ := strconv.ParseInt(total, 10, 64)
	if n != got.Count || sum != got.Of(yen) {
		return fmt.Errorf("the trailer says %d payments, %s, but the file holds %s", n, money.Format(sum, yen), got)
	}
	return nil
}

func zenginCarries(p *Payment) Payment {
	to := p.Payee
	return Payment{Name: p.Name, Amount: p.Amount, Currency: p.Currency, Payee: Payee{
		Kana:     halved(to.Kana, partyNames),
		BankCode: to.BankCode, BankName: halved(to.BankName, bankNames),
		BranchCode: to.BranchCode, BranchName: halved(to.BranchName, bankNames),
		AccountType: to.AccountType, AccountNumber: filled(to.AccountNumber, 7)}}
}

func zenginHead(b *Batch) File {
	d := b.Debtor
	return File{
		PayOn: time.Date(0, b.PayOn.Month(), b.PayOn.Day(), 0, 0, 0, 0, time.UTC),
		Debtor: Debtor{Code: filled(d.Code, 10), Kana: halved(d.Kana, partyNames),
			BankCode: d.BankCode, BankName: halved(d.BankName, bankNames),
			BranchCode: d.BranchCode, BranchName: halved(d.BranchName, bankNames),
			AccountType: d.AccountType, AccountNumber: filled(d.AccountNumber, 7)}}
}

func halved(name string, allowed class) string {
	half, _ := halfWidth(name, allowed)
	return half
}

// filled fills digits up with zeros in front.
func filled(digits string, length int) string {
	return strings.Repeat("0", max(0, length-len(digits))) + digits
}
