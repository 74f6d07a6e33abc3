package payout

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/report/csvfile"
)

// Payees are the receivers of payments, from the restricted file that the
// service keeps apart from every case. It is read for an export and never
// written anywhere but into payout files.
type Payees struct {
	people     map[chargeKey]*fact[Payee]  // by account: all but the reference at the processor
	references map[chargeKey]*fact[string] // that reference
	rows       int
}

// A chargeKey is a transaction of an account, or with no transaction all of them.
type chargeKey struct{ account, txn string }

// A fact is what rows say of an account or of a transaction.
type fact[T comparable] struct {
	said    T
	line    int // the first row that said it
	problem int // 1 + its index in the problems; 0: all rows agree
}

// A PayeeProblem is a row, or several of one account, that no payment can use.
type PayeeProblem struct {
	Lines   []int // where, the first ten of them; 1 is the header
	Account string
	Txn     string // where the rows are of one transaction
	Text    string // for people; holds no raw text
}

// String is the problem in one line.
func (p PayeeProblem) String() string {
	s := "line"
	if len(p.Lines) > 1 {
		s = "lines"
	}
	for i, line := range p.Lines {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprintf(" %d", line)
	}
	if p.Account != "" {
		s += fmt.Sprintf(" (account %q", discreet.Shown(p.Account))
		if p.Txn != "" {
			s += fmt.Sprintf(", transaction %q", discreet.Shown(p.Txn))
		}
		s += ")"
	}
	return s + ": " + p.Text
}

// maxPayees bounds a file of payees or of a debtor; its encoding can only be
// told from all of it.
const maxPayees = 512 << 20

// payeeColumns are the columns of a file of payees that say who receives, in
// the order of payeeFields.
var payeeColumns = csvColumns[9:]

// ReadPayees reads a file of payees: CSV with a header, the columns in any
// order, of which only account_id must be there:
//
//	account_id, name, kana, bank_code, bank_name, branch_code, branch_name,
//	account_type, account_number, iban, bic, country, psp_reference, txn_id
//
// psp_reference is that of the transaction in txn_id; what else a row says is of
// the account. Rows may repeat each other, and what is left empty says nothing.
// Where two say different things of an account, or of a transaction, neither is
// used and both are named: which is right is not guessed.
//
// The encoding is "utf-8", "cp932", or "" to tell it from the bytes. A file
// that reads well as both is an error that asks which it is.
//
// Three things are changed in what is read, none of which can change whom it
// means: blanks around a cell go (not in account_id and txn_id, which are kept
// to the byte), full-width digits in codes and account numbers become plain
// ones, and the words 普通, 当座, 貯蓄 and その他 (with or without 預金) become
// the account types 1, 2, 4 and 9. In IBANs blanks go and letters become upper
// case, as in BICs and countries.
func ReadPayees(r io.Reader, encoding string) (*Payees, []PayeeProblem, error) {
	records, at, problems, err := openColumns(r, encoding, "account_id", append([]string{"account_id", "txn_id"}, payeeColumns...))
	if err != nil {
		return nil, nil, fmt.Errorf("payees: %w", err)
	}
	b := payeeBuilder{
		payees:   &Payees{people: map[chargeKey]*fact[Payee]{}, references: map[chargeKey]*fact[string]{}},
		problems: problems,
	}
	for {
		cells, err := records.Next()
		if err == io.EOF {
			return b.payees, b.problems, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("payees: line %d: %w", records.Line(), err)
		}
		if len(cells) == 1 && len(cells[0]) == 0 {
			continue // an empty line
		}
		if len(cells) != at.width {
			b.reject(records.Line(), "%d cells, but the header has %d", len(cells), at.width)
			continue
		}
		b.row(records.Line(), at, cells)
	}
}

// Of returns who receives a payment to an account for a transaction, which may
// be empty. It reports false where the file says nothing of the account, or
// contradicts itself.
//
// The reference at the processor is that of the transaction; where the file has
// none for it, that of the account's rows without a txn_id. Where those
// contradict each other it is empty.
func (p *Payees) Of(account, txn string) (Payee, bool) {
	person := p.people[chargeKey{account, ""}]
	if person != nil && person.problem > 0 {
		return Payee{}, false
	}
	reference := p.references[chargeKey{account, txn}]
	if reference == nil {
		reference = p.references[chargeKey{account, ""}]
	}
	var payee Payee
	if person != nil {
		payee = person.said
	}
	if reference != nil && reference.problem == 0 {
		payee.PSPReference = reference.said
	}
	return payee, person != nil || reference != nil
}

// Rows returns how many rows were read and used.
func (p *Payees) Rows() int { return p.rows }

// A payeeBuilder joins rows into Payees.
type payeeBuilder struct {
	payees   *Payees
	problems []PayeeProblem
}

func (b *payeeBuilder) reject(line int, text string, args ...any) {
	b.problems = append(b.problems, PayeeProblem{Lines: []int{line}, Text: fmt.Sprintf(text, args...)})
}

// row takes in one row.
func (b *payeeBuilder) row(line int, at columns, cells [][]byte) {
	account, txn := at.text(cells, "account_id"), at.text(cells, "txn_id")
	if account == "" {
		b.reject(line, "account_id is empty, so it is nobody's")
		return
	}
	b.payees.rows++
	var p Payee
	fields := payeeFields(&p)
	for i, name := range payeeColumns {
		*fields[i] = tidy(name, at.text(cells, name))
	}
	// Empty cells say nothing, so they contradict nothing.
	if p.PSPReference != "" {
		join(b, b.payees.references, chargeKey{account, txn}, p.PSPReference, line, "psp_reference")
	}
	p.PSPReference = ""
	if p != (Payee{}) {
		join(b, b.payees.people, chargeKey{account, ""}, p, line, "who receives the money")
	}
}

// join adds what a row says to what earlier rows said.
func join[T comparable](b *payeeBuilder, facts map[chargeKey]*fact[T], key chargeKey, said T, line int, what string) {
	old := facts[key]
	switch {
	case old == nil:
		facts[key] = &fact[T]{said: said, line: line}
	case old.problem > 0:
		if lines := &b.problems[old.problem-1].Lines; len(*lines) < 10 {
			*lines = append(*lines, line)
		}
	case old.said != said:
		b.problems = append(b.problems, PayeeProblem{Lines: []int{old.line, line}, Account: key.account, Txn: key.txn,
			Text: "the rows differ in " + what + ", so none of them is used"})
		old.problem = len(b.problems)
	}
}

// debtorColumns are the columns of a file of a debtor.
var debtorColumns = []string{"code", "name", "kana", "bank_code", "bank_name", "branch_code", "branch_name",
	"account_type", "account_number", "iban", "bic", "merchant"}

func debtorFields(d *Debtor) [12]*string {
	return [...]*string{&d.Code, &d.Name, &d.Kana, &d.BankCode, &d.BankName, &d.BranchCode, &d.BranchName,
		&d.AccountType, &d.AccountNumber, &d.IBAN, &d.BIC, &d.Merchant}
}

// ReadDebtor reads who pays: CSV with a header and one row, the columns in any
// order and none of them needed here (each format needs its own):
//
//	code, name, kana, bank_code, bank_name, branch_code, branch_name,
//	account_type, account_number, iban, bic, merchant
//
// code is 委託者コード, merchant the merchant account at the card processor.
// Encodings and what is changed in cells are as for ReadPayees. A column that is
// not known is an error here, since a typing error would drop it.
func ReadDebtor(r io.Reader, encoding string) (Debtor, error) {
	records, at, problems, err := openColumns(r, encoding, "", debtorColumns)
	if err == nil && len(problems) > 0 {
		err = errors.New(problems[0].String())
	}
	if err != nil {
		return Debtor{}, fmt.Errorf("debtor: %w", err)
	}
	var d Debtor
	rows := 0
	for {
		cells, err := records.Next()
		if err == io.EOF {
			break
		}
		if err == nil && len(cells) != at.width {
			err = fmt.Errorf("%d cells, but the header has %d", len(cells), at.width)
		}
		if rows++; err == nil && rows > 1 {
			err = errors.New("a second row, but only one service can pay")
		}
		if err != nil {
			return Debtor{}, fmt.Errorf("debtor: line %d: %w", records.Line(), err)
		}
		for i, field := range debtorFields(&d) {
			*field = tidy(debtorColumns[i], at.text(cells, debtorColumns[i]))
		}
	}
	if rows == 0 {
		return Debtor{}, errors.New("debtor: the file has no row below its header")
	}
	return d, nil
}

// columns say where a file has the columns that are known.
type columns struct {
	at    map[string]int
	width int
}

// text returns the cell of a column, "" where the file does not have it.
func (c columns) text(cells [][]byte, name string) string {
	if i, ok := c.at[name]; ok {
		return string(cells[i])
	}
	return ""
}

// openColumns reads a file whole, and its header. Columns that are not known
// are named as problems.
func openColumns(r io.Reader, encoding, needed string, known []string) (*csvfile.Records, columns, []PayeeProblem, error) {
	none := columns{}
	raw, err := io.ReadAll(io.LimitReader(r, maxPayees+1))
	if err != nil {
		return nil, none, nil, err
	}
	if len(raw) > maxPayees {
		return nil, none, nil, fmt.Errorf("more than %d MiB", maxPayees>>20)
	}
	plain, err := decode(raw, encoding)
	if err != nil {
		return nil, none, nil, err
	}
	if n := len(plain); n > 0 && plain[n-1] != '\n' {
		// By hand or from a spreadsheet, so a last line without its end is
		// usual; what is cut short then lacks cells.
		plain = append(plain, '\n')
	}
	records := csvfile.NewRecords(bytes.NewReader(plain))
	header, err := records.Next()
	if err == io.EOF {
		return nil, none, nil, errors.New("the file is empty, not even a header")
	}
	if err != nil {
		return nil, none, nil, fmt.Errorf("line 1: %w", err)
	}
	at := columns{map[string]int{}, len(header)}
	var problems []PayeeProblem
	for i, cell := range header {
		name := strings.ToLower(strings.TrimSpace(string(cell)))
		if !slices.Contains(known, name) {
			problems = append(problems, PayeeProblem{Lines: []int{1}, Text: fmt.Sprintf("column %.40q is not known and was passed over; there are %s", name, strings.Join(known, ", "))})
			continue
		}
		if _, twice := at.at[name]; twice {
			return nil, none, nil, fmt.Errorf("line 1: column %s stands twice", name)
		}
		at.at[name] = i
	}
	if _, ok := at.at[needed]; needed != "" && !ok {
		return nil, none, nil, fmt.Errorf("line 1: column %s is missing", needed)
	}
	return records, at, problems, nil
}

// decode returns a file as UTF-8 without a byte order mark.
func decode(raw []byte, encoding string) ([]byte, error) {
	const bom = "\ufeff"
	marked := bytes.HasPrefix(raw, []byte(bom))
	isUTF8 := utf8.Valid(raw)
	switch {
	case marked || encoding == "utf-8":
		if !isUTF8 {
			return nil, errors.New("it is not UTF-8 throughout")
		}
		return bytes.TrimPrefix(raw, []byte(bom)), nil
	case encoding == "cp932":
		return decodeCP932(raw)
	case encoding != "":
		return nil, fmt.Errorf("no encoding %.20q; there are utf-8 and cp932", encoding)
	case !isUTF8:
		plain, err := decodeCP932(raw)
		if err != nil {
			return nil, errors.New("it is neither UTF-8 nor CP932 throughout")
		}
		return plain, nil
	}
	// Short half-width kana in CP932 may also be UTF-8 of two bytes a letter:
	// ﾃｶ is ö. Japanese in UTF-8 has three bytes a letter.
	if longest(raw) == 2 {
		if _, err := decodeCP932(raw); err == nil {
			return nil, errors.New("it can be read as UTF-8 and as CP932; say which it is, or save it as UTF-8 with a byte order mark")
		}
	}
	return raw, nil
}

func decodeCP932(raw []byte) ([]byte, error) {
	plain, err := japanese.ShiftJIS.NewDecoder().Bytes(raw)
	if err != nil {
		return nil, err
	}
	if bytes.ContainsRune(plain, utf8.RuneError) {
		return nil, errors.New("it is not CP932 throughout")
	}
	return plain, nil
}

// longest returns how many bytes the longest letter of a UTF-8 text has.
func longest(b []byte) int {
	n := 1
	for _, ch := range b {
		switch {
		case ch >= 0xF0:
			return 4
		case ch >= 0xE0:
			n = 3
		case ch >= 0xC0 && n < 2:
			n = 2
		}
	}
	return n
}

// accountTypes are the words of the published list that formats know.
var accountTypes = map[string]string{"普通": "1", "当座": "2", "貯蓄": "4", "その他": "9"}

// tidy returns a cell as ReadPayees promises.
func tidy(column, text string) string {
	text = strings.TrimSpace(text)
	switch column {
	case "account_type":
		if code, ok := accountTypes[strings.TrimSuffix(text, "預金")]; ok {
			return code
		}
		return plainDigits(text)
	case "code", "bank_code", "branch_code", "account_number":
		return plainDigits(text)
	case "iban":
		return strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	case "bic", "country":
		return strings.ToUpper(text)
	}
	return text
}

// plainDigits turns full-width digits into plain ones.
func plainDigits(s string) string {
	if !strings.ContainsAny(s, "０１２３４５６７８９") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, s)
}
