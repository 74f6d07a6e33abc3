package payout

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
)

// ISO 20022 customer credit transfers, one PmtInf for each currency, amounts
// with as many decimals as the currency has. EndToEndId is the name of the
// payment. NbOfTxs and CtrlSum are added up from the transfers, CtrlSum over all
// currencies as the standard has it.
//
// An account is an IBAN, or one of a Japanese bank: its number and type, and
// the bank by ClrSysMmbId (JPZGN and the bank code) and BrnchId. A payee with an
// IBAN is named as the owner writes it, one of a Japanese bank by the kana that
// the bank has, where there is one. Ids keep to the letters that all schemes
// take; names may hold whatever XML can, since schemes differ in what they take:
// they are never rewritten.
var (
	pain09Format = painWith("pain.001.001.09", "BICFI", "ReqdExctnDt", "Dt")
	pain03Format = painWith("pain.001.001.03", "BIC", "ReqdExctnDt")
)

func painWith(name, bicTag string, dayTags ...string) format {
	f := painFormat{namespace: "urn:iso:std:iso:20022:tech:xsd:" + name, bicTag: bicTag, dayTags: dayTags}
	f.root = f.elements()
	return format{
		Format:       Format{Name: name, Ext: ".xml", Doc: "ISO 20022 credit transfers, version " + name[len(name)-2:]},
		checkBatch:   checkPainBatch,
		checkPayment: checkPainPayment,
		write:        f.write,
		read:         f.read,
		carried:      painCarries,
		carriedHead: func(b *Batch) File {
			return File{ID: b.ID, CreatedAt: b.CreatedAt.UTC().Truncate(time.Second), PayOn: day(b.PayOn),
				Debtor: payerOf(b.Debtor).debtor()}
		},
		byCurrency: true,
	}
}

// A painFormat is what the versions differ in.
type painFormat struct {
	namespace string
	bicTag    string
	dayTags   []string // of the day of payment
	root      *element // what a file holds
}

const (
	painID     = 35 // letters of an id
	painName   = 140
	painOther  = 34 // of an account number that is no IBAN
	painDigits = 18 // of an amount or a sum
	clearing   = "JPZGN"
)

// A painParty is who pays or is paid.
type painParty struct {
	name, kana, iban, bic, bank, branch, accountType, account string
}

func partyOf(p *Payee) painParty {
	return painParty{p.Name, p.Kana, p.IBAN, p.BIC, p.BankCode, p.BranchCode, p.AccountType, p.AccountNumber}
}

func payerOf(d Debtor) painParty {
	return painParty{d.Name, "", d.IBAN, d.BIC, d.BankCode, d.BranchCode, d.AccountType, d.AccountNumber}
}

// japanese reports whether the account is one of a Japanese bank.
func (p painParty) japanese() bool { return p.iban == "" }

// shown returns the name that the file gives a party.
func (p painParty) shown() string {
	if p.japanese() && p.kana != "" {
		return p.kana
	}
	return p.name
}

// carried returns what the file says of a party.
func (p painParty) carried() painParty {
	c := painParty{name: p.shown(), iban: p.iban, bic: p.bic}
	if p.japanese() {
		c.bank, c.branch, c.accountType, c.account = p.bank, p.branch, p.accountType, filled(p.account, 7)
	}
	return c
}

func (p painParty) debtor() Debtor {
	p = p.carried()
	return Debtor{Name: p.name, IBAN: p.iban, BIC: p.bic, BankCode: p.bank, BranchCode: p.branch, AccountType: p.accountType, AccountNumber: p.account}
}

func (p painParty) payee() Payee {
	p = p.carried()
	return Payee{Name: p.name, IBAN: p.iban, BIC: p.bic, BankCode: p.bank, BranchCode: p.branch, AccountType: p.accountType, AccountNumber: p.account}
}

func painCarries(p *Payment) Payment {
	return Payment{Name: p.Name, Amount: p.Amount, Currency: p.Currency, Payee: partyOf(&p.Payee).payee()}
}

func checkPainBatch(c *checker) {
	c.date()
	if y := c.b.CreatedAt.Year(); c.b.CreatedAt.IsZero() || y < 1 || y > 9999 {
		c.add("created_at", BadField, "it is not said when the batch was made")
	}
	c.painID("batch id", c.b.ID, painID-4) // room for the currency of a PmtInf
	checkParty(c, "debtor ", payerOf(c.b.Debtor))
	if n := digitsOf(controlSum(c.b.Payments)); n > painDigits {
		c.add("amount", TooMany, "the sum has %d digits, but CtrlSum %d; split the payments into several files", n, painDigits)
	}
}

func checkPainPayment(c *checker) {
	if c.p.Name != "" {
		c.painID("refund_id", c.p.Name, painID)
	}
	if code := c.p.Currency.String(); len(code) != 3 || strings.ContainsAny(code, "0123456789") || units[code] {
		c.add("currency", WrongCurrency, "%q is no currency of a bank", discreet.Shown(code))
	}
	if c.p.Amount > 999_999_999_999_999_999 {
		c.add("amount", BadAmount, "it has more than %d digits", painDigits)
	}
	checkParty(c, "", partyOf(&c.p.Payee))
}

// units are codes of three letters that are no money.
var units = map[string]bool{"PTS": true, "PNT": true}

func checkParty(c *checker, who string, p painParty) {
	field := "name"
	if p.shown() == p.kana && p.kana != "" {
		field = "kana"
	}
	c.painName(who+field, p.shown())
	if p.bic != "" && !bic.MatchString(p.bic) {
		c.add(who+"bic", BadField, "%q is no BIC", discreet.Shown(p.bic))
	}
	if !p.japanese() {
		if !validIBAN(p.iban) {
			c.add(who+"iban", BadField, "%q is no IBAN, or its check digits are wrong", discreet.Shown(p.iban))
		}
		if who != "" {
			c.need(who+"bic", p.bic) // DbtrAgt must be named
		}
		return
	}
	if p.bank == "" && p.account == "" {
		c.add(who+"iban", MissingField, "there is neither an IBAN nor a bank_code and an account_number")
		return
	}
	c.digits(who+"bank_code", p.bank, 4, 4)
	c.digits(who+"branch_code", p.branch, 3, 3)
	c.account(who, p.accountType, p.account, "1249", payeeAccount)
}

// painID checks an id: the letters that all schemes take, no slash at an end
// and no two in a row.
func (c *checker) painID(field, id string, length int) {
	const others = "/-?:().,'+ "
	switch {
	case !c.need(field, id):
	case strings.IndexFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r))
	}) >= 0:
		c.add(field, Unspellable, "an id holds letters, digits and %s only", others)
	case len(id) > length:
		c.add(field, TooLong, "%d letters, but there is room for %d", len(id), length)
	case strings.HasPrefix(id, "/") || strings.HasSuffix(id, "/") || strings.Contains(id, "//") || strings.TrimSpace(id) != id:
		c.add(field, BadField, "an id neither starts nor ends with a slash or a blank, nor holds two slashes in a row")
	}
}

// painName checks a name: whatever XML can hold, but no control characters.
func (c *checker) painName(field, name string) {
	switch {
	case !c.need(field, name):
	case !utf8.ValidString(name) || strings.IndexFunc(name, unprintable) >= 0:
		c.add(field, Unspellable, "it holds control characters, or bytes that are no letters")
	case utf8.RuneCountInString(name) > painName:
		c.add(field, TooLong, "%d letters, but there is room for %d; a name is never cut", utf8.RuneCountInString(name), painName)
	case strings.TrimSpace(name) != name:
		c.add(field, BadField, "blanks around it")
	}
}

// unprintable reports what no name holds: control characters, what XML cannot
// write, and marks that turn the direction of the text around.
func unprintable(r rune) bool {
	return r < 0x20 || r >= 0x7F && r < 0xA0 || r == '\u2028' || r == '\u2029' || r >= '\u202A' && r <= '\u202E' ||
		r >= '\u2066' && r <= '\u2069' || r == '\ufeff' || r == utf8.RuneError || r == '\ufffe' || r == '\uffff'
}

// bic is what both schemas take: the older one wants letters in the first four
// places, and neither 0 or 1 nor O in the two of the location.
var bic = regexp.MustCompile(`^[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?$`)

var iban = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}$`)

// validIBAN reports whether a text has the shape of an IBAN and its check
// digits are right: as a number, letters counting from 10 and the first four
// places put last, it leaves 1 when divided by 97.
func validIBAN(s string) bool {
	if !iban.MatchString(s) {
		return false
	}
	rest := 0
	for _, ch := range s[4:] + s[:4] {
		if ch <= '9' {
			rest = (rest*10 + int(ch-'0')) % 97
		} else {
			rest = (rest*100 + int(ch-'A') + 10) % 97
		}
	}
	return rest == 1
}

// sumDigits are the decimals of a control sum: those of the currency that has
// most of them.
const sumDigits = 4

// controlSum adds amounts of all currencies up, as decimals of sumDigits.
func controlSum(payments []Payment) *big.Int {
	var sum, x big.Int
	for i := range payments {
		addControl(&sum, &x, &payments[i])
	}
	return &sum
}

func addControl(sum, x *big.Int, p *Payment) {
	digits, _ := p.Currency.Exponent()
	x.SetInt64(p.Amount)
	sum.Add(sum, x.Mul(x, big.NewInt(powerOf10(sumDigits-digits))))
}

func powerOf10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// decimalSum writes a control sum without zeros at its end.
func decimalSum(sum *big.Int) string {
	s := fmt.Sprintf("%0*s", sumDigits+1, sum)
	whole, part := s[:len(s)-sumDigits], strings.TrimRight(s[len(s)-sumDigits:], "0")
	if part != "" {
		whole += "." + part
	}
	return whole
}

func digitsOf(sum *big.Int) int { return len(strings.Replace(decimalSum(sum), ".", "", 1)) }

const painTime = "2006-01-02T15:04:05Z"

// A painWriter writes elements; the first error stays in the bufio.Writer.
type painWriter struct{ w *bufio.Writer }

func (w painWriter) raw(text string)  { _, _ = w.w.WriteString(text) }
func (w painWriter) open(tag string)  { w.raw("<"); w.raw(tag); w.raw(">") }
func (w painWriter) close(tag string) { w.raw("</"); w.raw(tag); w.raw(">") }

// text writes an element with a text, inside others if tags are several. An
// empty text is none: no element is written.
func (w painWriter) text(value string, tags ...string) {
	if value == "" {
		return
	}
	for _, tag := range tags {
		w.open(tag)
	}
	if plainID(value) {
		w.raw(value)
	} else {
		_ = xml.EscapeText(w.w, []byte(value))
	}
	for i := range tags {
		w.close(tags[len(tags)-1-i])
	}
}

// plainID reports whether a text stands in a file as it is: most are codes.
func plainID(s string) bool {
	for i := range len(s) {
		ch := s[i]
		if !(ch >= '0' && ch <= '9' || ch >= 'A' && ch <= 'Z' || ch >= 'a' && ch <= 'z' || ch == '-' || ch == '.') {
			return false
		}
	}
	return true
}

// write writes a line for each transfer.
func (f painFormat) write(out *bufio.Writer, b *Batch) error {
	w := painWriter{out}
	w.raw(xml.Header + `<Document xmlns="` + f.namespace + `"><CstmrCdtTrfInitn>` + "\n")
	w.open("GrpHdr")
	w.text(b.ID, "MsgId")
	w.text(b.CreatedAt.UTC().Format(painTime), "CreDtTm")
	w.text(strconv.Itoa(len(b.Payments)), "NbOfTxs")
	w.text(decimalSum(controlSum(b.Payments)), "CtrlSum")
	w.text(b.Debtor.Name, "InitgPty", "Nm")
	w.raw("</GrpHdr>\n")
	for from := 0; from < len(b.Payments); {
		to := from + 1
		for to < len(b.Payments) && b.Payments[to].Currency == b.Payments[from].Currency {
			to++
		}
		f.writeGroup(w, b, b.Payments[from:to])
		from = to
	}
	w.raw("</CstmrCdtTrfInitn></Document>\n")
	return out.Flush() // which returns the first error of all writes
}

// writeGroup writes the payments of one currency.
func (f painFormat) writeGroup(w painWriter, b *Batch, payments []Payment) {
	currency := payments[0].Currency
	digits, _ := currency.Exponent()
	payer := payerOf(b.Debtor)
	amount := `<Amt><InstdAmt Ccy="` + currency.String() + `">`
	var number []byte
	w.open("PmtInf")
	w.text(groupID(b.ID, currency), "PmtInfId")
	w.text("TRF", "PmtMtd")
	w.text(strconv.Itoa(len(payments)), "NbOfTxs")
	w.text(decimalSum(controlSum(payments)), "CtrlSum")
	w.text(b.PayOn.Format(dateLayout), f.dayTags...)
	w.text(payer.shown(), "Dbtr", "Nm")
	w.account("DbtrAcct", payer)
	f.agent(w, "DbtrAgt", payer)
	w.raw("\n")
	for i := range payments {
		p := &payments[i]
		to := partyOf(&p.Payee)
		w.open("CdtTrfTxInf")
		w.text(p.Name, "PmtId", "EndToEndId")
		w.raw(amount)
		number = decimal(number[:0], p.Amount, digits)
		_, _ = w.w.Write(number)
		w.raw(`</InstdAmt></Amt>`)
		f.agent(w, "CdtrAgt", to)
		w.text(to.shown(), "Cdtr", "Nm")
		w.account("CdtrAcct", to)
		w.raw("</CdtTrfTxInf>\n")
	}
	w.raw("</PmtInf>\n")
}

// groupID names the PmtInf of a currency.
func groupID(id string, c money.Currency) string { return id + "-" + c.String() }

func (w painWriter) account(tag string, p painParty) {
	w.open(tag)
	if p.japanese() {
		w.text(filled(p.account, 7), "Id", "Othr", "Id")
		w.text(p.accountType, "Tp", "Prtry")
	} else {
		w.text(p.iban, "Id", "IBAN")
	}
	w.close(tag)
}

func (f painFormat) agent(w painWriter, tag string, p painParty) {
	if p.bic == "" && !p.japanese() {
		return // the IBAN names the bank
	}
	w.open(tag)
	w.open("FinInstnId")
	w.text(p.bic, f.bicTag)
	if p.japanese() {
		w.open("ClrSysMmbId")
		w.text(clearing, "ClrSysId", "Cd")
		w.text(p.bank, "MmbId")
		w.close("ClrSysMmbId")
	}
	w.close("FinInstnId")
	if p.japanese() {
		w.text(p.branch, "BrnchId", "Id")
	}
	w.close(tag)
}
