package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/issuer"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// RequestsKind is what the manifest of a folder of requests says.
const RequestsKind = "issuer requests"

var requestsSchema = table.Schema{
	Name: "requests", Doc: "a line for an instrument, and what its issuer can still be asked for",
	Columns: []table.Column{
		col("refund_id", table.Text, "line of the ledger"),
		col("txn_id", table.Text, "charge"),
		col("account_id", table.Text, docAccount),
		col("issuer", table.Text, "issuer of the instrument; unknown where nothing names it"),
		col("instrument", table.Text, "masked: at most the last four characters"),
		col("channel", table.Code, "what paid"),
		maybe("charged_at", table.Time, "time of the charge"),
		maybe("deadline", table.Code, "last day on which the charge can be kept off the bill"),
		col("amount", table.Amount, "still owed to the instrument, "+docMinor),
		col("currency", table.Code, docCurrency),
		col("state", table.Code, "to_stop, too_late, no_cutoff, no_time, not_billed, undecided, exception"),
	},
}

// requestSchema is what one issuer gets, without anything of the account. The last
// columns are for the answer.
var requestSchema = table.Schema{
	Name: "request", Doc: "a charge that an issuer is asked to stop",
	Columns: []table.Column{
		col("refund_id", table.Text, "reference of the request"),
		col("txn_id", table.Text, "charge"),
		col("instrument", table.Text, "masked: at most the last four characters"),
		col("charged_at", table.Time, "time of the charge"),
		col("charged_on", table.Code, "day of the charge in the issuers' zone"),
		col("amount", table.Amount, "to be stopped, "+docMinor),
		col("currency", table.Code, docCurrency),
		col("deadline", table.Code, "last day on which it can be kept off the bill"),
		maybe("answer", table.Code, "stopped, credited, refused or already_billed"),
		maybe("answer_amount", table.Amount, "where it is not the whole amount, "+docMinor),
		maybe("answer_date", table.Code, "day of the answer"),
	},
}

// RequestsKnown reports whether a name is of a file that a folder of requests
// holds.
func RequestsKnown(name string) bool {
	return name == "requests.csv" || name == "summary.json" || name == badSchema.Name+".csv" ||
		strings.HasPrefix(name, "request-") && strings.HasSuffix(name, ".csv")
}

// WriteRequests writes all requests, and a file for each issuer with what can
// still be stopped. It returns how many files of issuers there are.
func WriteRequests(b *Bundle, all []issuer.Request) (int, error) {
	t := table.New(requestsSchema, len(all))
	row := t.Appender()
	for i := range all {
		r := &all[i]
		row.Text(r.ID)
		row.Text(r.Txn)
		row.Text(r.Account)
		row.Text(r.Issuer)
		row.Text(r.Instrument)
		row.Code(r.Channel.String())
		if r.ChargedAt == 0 {
			row.Null()
		} else {
			row.Time(r.ChargedAt)
		}
		if r.Deadline == 0 {
			row.Null()
		} else {
			row.Code(r.Deadline.String())
		}
		row.Amount(r.Amount)
		row.Code(r.Currency.String())
		row.Code(r.State.String())
		row.End()
	}
	if err := b.Table(t); err != nil {
		return 0, err
	}
	files := 0
	for len(all) > 0 { // ordered by issuer
		n := 1
		for n < len(all) && all[n].Issuer == all[0].Issuer {
			n++
		}
		wrote, err := writeIssuer(b, all[:n])
		if err != nil {
			return 0, err
		}
		files += wrote
		all = all[n:]
	}
	return files, nil
}

func writeIssuer(b *Bundle, group []issuer.Request) (int, error) {
	t := table.New(requestSchema, 0)
	row := t.Appender()
	for i := range group {
		r := &group[i]
		if r.State != issuer.ToStop {
			continue
		}
		row.Text(r.ID)
		row.Text(r.Txn)
		row.Text(r.Instrument)
		row.Time(r.ChargedAt)
		row.Code(r.ChargedOn.String())
		row.Amount(r.Amount)
		row.Code(r.Currency.String())
		row.Code(r.Deadline.String())
		row.Null()
		row.Null()
		row.Null()
		row.End()
	}
	if t.Rows() == 0 {
		return 0, nil
	}
	return 1, b.Write("request-"+slug(group[0].Issuer)+".csv", t.Rows(), func(w io.Writer) error { return csvfile.Write(w, t) })
}

// slug returns a name for a file from any text: no two texts have the same.
func slug(text string) string {
	const most = 40
	var b strings.Builder
	for _, ch := range strings.ToLower(text) {
		switch {
		case b.Len() == most:
		case ch >= 'a' && ch <= 'z', ch >= '0' && ch <= '9', ch == '-':
			b.WriteRune(ch)
		default:
			b.WriteByte('_')
		}
	}
	if b.String() == text && text != "" && !strings.Contains(text, "_") { // a _ marks names with a hash
		return text
	}
	return b.String() + "_" + strings.TrimPrefix(refund.ID("issuer", text), "id")
}

// ReadRequests reads the requests of a folder as they were written: a file that
// changed since is an error.
func ReadRequests(dir string) ([]issuer.Request, error) {
	var m bundleManifest
	if err := readJSON(dir, atomicfile.Manifest, &m); err != nil {
		return nil, err
	}
	if m.Kind != RequestsKind {
		return nil, fmt.Errorf("%s: holds no requests to issuers", dir)
	}
	path := filepath.Join(dir, requestsSchema.Name+".csv")
	f, err := OpenIn(dir, requestsSchema.Name+".csv")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	t, err := csvfile.Read(io.TeeReader(f, sum), requestsSchema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, out := range m.Outputs {
		if out.Name == requestsSchema.Name+".csv" && out.SHA256 == hex.EncodeToString(sum.Sum(nil)) {
			return requestsOf(path, t)
		}
	}
	return nil, fmt.Errorf("%s: is not what was written: its hash is not that of the manifest", path)
}

func requestsOf(path string, t *table.Table) ([]issuer.Request, error) {
	cells := func(column string) *table.Cells { i, _ := requestsSchema.Find(column); return t.Cells(i) }
	states := map[string]issuer.State{}
	for _, s := range issuer.States() {
		states[s.String()] = s
	}
	var all []issuer.Request
	for row := range t.Rows() {
		text := func(column string) string { return cells(column).Text(row) }
		r := issuer.Request{ID: text("refund_id"), Txn: text("txn_id"), Account: text("account_id"), Issuer: text("issuer"), Amount: cells("amount").Int(row)}
		var ok [2]bool
		r.Currency, ok[0] = money.ParseCurrency([]byte(text("currency")))
		r.State, ok[1] = states[text("state")]
		if !ok[0] || !ok[1] || r.Amount <= 0 {
			return nil, fmt.Errorf("%s: row %d is no request", path, row+1)
		}
		all = append(all, r)
	}
	return all, nil
}

// ReadIssuers reads which issuer an instrument is of: CSV with funding_ref (with
// a * at its end: the start of one) and issuer.
func ReadIssuers(name string, r io.Reader) (issuer.Mapping, error) {
	var m issuer.Mapping
	l, err := openList(name, r, "funding_ref", "issuer")
	if err != nil {
		return m, err
	}
	for {
		ok, err := l.next()
		if err != nil || !ok {
			return m, cmpErr(err, l.strict())
		}
		switch who := strings.TrimSpace(l.text("issuer")); {
		case who == "":
			l.reject("issuer", "is empty")
		case l.text("funding_ref") == "":
			l.reject("funding_ref", "is empty")
		case !m.Add(l.text("funding_ref"), who):
			l.reject("issuer", fmt.Sprintf("%q has another issuer above", discreet.Shown(l.text("funding_ref"))))
		}
	}
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// ReadCutoffs reads when issuers close their bills: CSV with issuer (* for all
// others) and cutoff_day (1 to 31, or end).
func ReadCutoffs(name string, r io.Reader) (issuer.Terms, error) {
	terms := issuer.Terms{ByIssuer: map[string]issuer.Cutoff{}}
	l, err := openList(name, r, "issuer", "cutoff_day")
	if err != nil {
		return terms, err
	}
	for {
		ok, err := l.next()
		if err != nil || !ok {
			return terms, cmpErr(err, l.strict())
		}
		who := strings.TrimSpace(l.text("issuer"))
		day, ok := issuer.ParseCutoff(l.word("cutoff_day"))
		_, twice := terms.ByIssuer[who]
		switch {
		case !ok:
			l.reject("cutoff_day", fmt.Sprintf("%q is neither a day from 1 to 31 nor end", discreet.Shown(l.text("cutoff_day"))))
		case who == "" || twice || who == "*" && terms.Others != 0:
			l.reject("issuer", fmt.Sprintf("%q is empty, or stands twice", discreet.Shown(who)))
		case who == "*":
			terms.Others = day
		default:
			terms.ByIssuer[who] = day
		}
	}
}

// ReadAnswers reads what an issuer answered: CSV with refund_id and answer, and
// perhaps answer_amount (minor units; empty for all) and answer_date: the file
// that it was sent, filled in. Rows without an answer are passed over.
func ReadAnswers(name string, r io.Reader) (answers []issuer.Answer, bad []BadRow, err error) {
	l, err := openList(name, r, "refund_id", "answer")
	if err != nil {
		return nil, nil, err
	}
	for {
		ok, err := l.next()
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return answers, l.bad, nil
		}
		a := issuer.Answer{ID: strings.TrimSpace(l.text("refund_id")), Line: int64(l.records.Line())}
		word := strings.ReplaceAll(l.word("answer"), " ", "_")
		if word == "" {
			continue
		}
		if a.Word, ok = issuer.ParseWord(word); !ok {
			l.reject("answer", fmt.Sprintf("%q is none of stopped, credited, refused, already_billed", discreet.Shown(l.text("answer"))))
			continue
		}
		if l.word("answer_amount") != "" {
			if a.Amount, ok = l.minor("answer_amount"); !ok {
				continue
			}
			if a.Amount == 0 {
				l.reject("answer_amount", "is 0; leave it empty for the whole amount")
				continue
			}
		}
		if day := l.word("answer_date"); day != "" {
			if a.On, ok = calendar.ParseDay(day); !ok {
				l.reject("answer_date", fmt.Sprintf("%q is no date such as 2019-07-10", discreet.Shown(day)))
				continue
			}
		}
		answers = append(answers, a)
	}
}

// returnedSchema is that of a payment log, so that refunds reads it as it reads any
// export of refunds; the last columns are for people.
var returnedSchema = table.Schema{
	Name: "returned", Doc: "what issuers stopped or credited; give the file to refunds with --already-refunded",
	Columns: []table.Column{
		col("event_time", table.Time, "start of the day of the answer, UTC"),
		col("txn_id", table.Code, "the answer"),
		col("account_id", table.Text, docAccount),
		col("kind", table.Code, "chargeback: the instrument got it, the wallet was not touched"),
		col("amount", table.Code, "in the currency's own digits"),
		col("currency", table.Code, docCurrency),
		col("status", table.Code, "approved; pending where the issuer has not answered and still can, so that refunds holds the line"),
		col("original_txn_id", table.Text, "charge"),
		col("refund_id", table.Text, "line of the ledger"),
		col("answer", table.Code, "stopped, credited or unanswered"),
	},
}

// ReturnedTable returns what issuers gave back. Answers without a day of their own
// are of a day that is told.
func ReturnedTable(settled []issuer.Settled, on calendar.Day) (*table.Table, error) {
	t := table.New(returnedSchema, 0)
	row := t.Appender()
	for i := range settled {
		s := &settled[i]
		for n, a := range s.Parts {
			if !a.Word.Gives() {
				continue
			}
			day := a.On
			if day == 0 {
				day = on
			}
			row.Time(day.Start(time.UTC))
			row.Code(refund.ID("issuer answer", s.ID, a.Word.String(), strconv.Itoa(n)))
			row.Text(s.Account)
			row.Code("chargeback")
			row.Code(digits(a.Amount, s.Currency))
			row.Code(s.Currency.String())
			row.Code("approved")
			row.Text(s.Txn)
			row.Text(s.ID)
			row.Code(a.Word.String())
			row.End()
		}
		if rest := s.Amount - s.Returned; s.Last == issuer.Unanswered && rest > 0 && on <= s.Deadline {
			row.Time(cmp.Or(on, s.Deadline).Start(time.UTC))
			row.Code(refund.ID("issuer answer", s.ID, issuer.Unanswered.String()))
			row.Text(s.Account)
			row.Code("chargeback")
			row.Code(digits(rest, s.Currency))
			row.Code(s.Currency.String())
			row.Code("pending")
			row.Text(s.Txn)
			row.Text(s.ID)
			row.Code(issuer.Unanswered.String())
			row.End()
		}
	}
	return t, t.Validate()
}

// digits writes an amount in the currency's own digits, as logs have it.
func digits(minor int64, c money.Currency) string {
	text := strings.ReplaceAll(money.Format(minor, c), ",", "")
	return strings.TrimSuffix(text, " "+c.String())
}
