package payout

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/csvfile"
)

// Refunds to cards go through the processor that took the payment, which knows
// the card. It wants its own reference of the payment, and amounts in its own
// minor units, which for some currencies are not those of ISO 4217. That a
// refund is no more than what is left of the payment only the processor can
// tell.
//
// Every cell is letters, digits and a few marks within, so that none needs
// quotes or is run by a spreadsheet.

// The Stripe file has a header and the names of the parameters of Create a
// refund. A reference is a charge (ch_, py_) or a payment intent (pi_). The name
// of the payment is the idempotency key, so sending a file twice pays once, and
// is kept as metadata. The reason is requested_by_customer: fraudulent would put
// the card of the victim on the merchant's block list.
var stripeFormat = format{
	Format:       Format{Name: "stripe", Ext: ".csv", Doc: "card refunds, columns of Stripe's Create a refund"},
	checkBatch:   func(*checker) {},
	checkPayment: checkStripe,
	write:        writeStripe,
	read:         readStripe,
	carried:      processorCarries,
	carriedHead:  func(*Batch) File { return File{} },
}

// The Adyen file is that of modifications in the Customer Area: no header,
// merchant account, PSP reference, modification, amount, currency, reference; no
// empty field; 6,000 lines at most.
var adyenFormat = format{
	Format:       Format{Name: "adyen", Ext: ".csv", Doc: "card refunds, fields of Adyen's modification file", MaxPayments: 6000},
	checkBatch:   checkAdyenBatch,
	checkPayment: checkAdyen,
	write:        writeAdyen,
	read:         readAdyen,
	carried:      processorCarries,
	carriedHead:  func(b *Batch) File { return File{Debtor: Debtor{Merchant: b.Debtor.Merchant}} },
}

// processorName is the shape of the name of a payment at a processor.
var (
	processorName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,79}$`)
	stripeReference = regexp.MustCompile(`^(ch|py|pi)_[A-Za-z0-9_]{1,250}$`)
	adyenReference  = regexp.MustCompile(`^[A-Z0-9]{16}$`)
	adyenMerchant   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$`)
)

// A scale is how a processor counts a currency.
type scale struct {
	digits int   // decimals of its minor unit
	step   int64 // what an amount in it must be a multiple of
}

// stripeScales are the currencies that Stripe does not count as ISO 4217 does,
// or not in every unit: krónur are sent as if they had two decimals, ariary as
// if they had none, and of three decimals the last must be 0.
var stripeScales = map[string]scale{
	"ISK": {2, 100}, "MGA": {0, 1},
	"BHD": {3, 10}, "JOD": {3, 10}, "KWD": {3, 10}, "OMR": {3, 10}, "TND": {3, 10},
}

// stripeWhole are the currencies that Stripe and ISO 4217 count in whole units.
const stripeWhole = " BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF "

// stripeScale returns how Stripe counts a currency, false where it is not known
// to. Of UGX its documents say both that amounts are whole and that they have
// two decimals: a hundredfold refund is not worth the guess.
func stripeScale(c money.Currency) (scale, bool) {
	code := c.String()
	if s, ok := stripeScales[code]; ok {
		return s, true
	}
	digits, known := c.Exponent()
	switch {
	case known && digits == 0 && strings.Contains(stripeWhole, " "+code+" "):
		return scale{0, 1}, true
	case known && digits == 2 && len(code) == 3:
		return scale{2, 1}, true
	}
	return scale{}, false
}

// adyenDigits are the currencies that Adyen does not count as ISO 4217 does.
var adyenDigits = map[string]int{"CLP": 2, "ISK": 2, "CVE": 0, "IDR": 0}

func adyenScale(c money.Currency) (scale, bool) {
	digits, known := c.Exponent()
	if !known || digits > 3 || len(c.String()) != 3 || units[c.String()] {
		return scale{}, false
	}
	if d, ok := adyenDigits[c.String()]; ok {
		digits = d
	}
	return scale{digits, 1}, true
}

// toProcessor returns minor units of ISO 4217 in those of a processor.
func toProcessor(minor int64, c money.Currency, s scale) (int64, error) {
	digits, _ := c.Exponent()
	amount, ok := shift(minor, s.digits-digits)
	if !ok || amount%s.step != 0 {
		return 0, fmt.Errorf("the processor counts %s with %d decimals in steps of %d, and this is no such amount", c, s.digits, s.step)
	}
	return amount, nil
}

// fromProcessor returns minor units of a processor in those of ISO 4217.
func fromProcessor(amount int64, c money.Currency, s scale) (int64, error) {
	digits, _ := c.Exponent()
	minor, ok := shift(amount, digits-s.digits)
	if !ok || amount%s.step != 0 {
		return 0, fmt.Errorf("%d is no amount in %s", amount, c)
	}
	return minor, nil
}

// shift multiplies by a power of ten, of which a negative one must divide n.
func shift(n int64, places int) (int64, bool) {
	for ; places > 0; places-- {
		if n > math.MaxInt64/10 || n < math.MinInt64/10 {
			return 0, false
		}
		n *= 10
	}
	for ; places < 0; places++ {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	return n, true
}

// checkProcessor checks what both processors need.
func (c *checker) checkProcessor(reference *regexp.Regexp, shape string, s scale, known bool) {
	if c.p.Name != "" && !processorName.MatchString(c.p.Name) {
		c.add("refund_id", BadField, "%q does not fit: letters, digits and _.:/- within, 80 at most", discreet.Shown(c.p.Name))
	}
	if !known {
		c.add("currency", WrongCurrency, "how the processor counts %s is not known for certain", c.p.Currency)
	} else if _, err := toProcessor(c.p.Amount, c.p.Currency, s); err != nil && c.p.Amount > 0 {
		c.add("amount", BadAmount, "%v", err)
	}
	switch ref := c.p.Payee.PSPReference; {
	case !c.need("psp_reference", ref):
	case !reference.MatchString(ref):
		c.add("psp_reference", BadField, "%q is not %s", discreet.Shown(ref), shape)
	case c.shared(ref):
		c.add("psp_reference", SharedCharge, "%s stands for several transactions, so it is right for one of them at most", ref)
	}
}

// shared reports whether payments for different transactions name a reference.
func (c *checker) shared(reference string) bool {
	if c.references == nil {
		c.references, c.ambiguous = map[string]string{}, map[string]bool{}
		for i := range c.b.Payments {
			p := &c.b.Payments[i]
			ref := p.Payee.PSPReference
			if txn, ok := c.references[ref]; ok && txn != p.Txn {
				c.ambiguous[ref] = true
			}
			c.references[ref] = p.Txn
		}
	}
	return c.ambiguous[reference]
}

func processorCarries(p *Payment) Payment {
	return Payment{Name: p.Name, Amount: p.Amount, Currency: p.Currency, Payee: Payee{PSPReference: p.Payee.PSPReference}}
}

const stripeHeader = "charge,payment_intent,amount,currency,reason,metadata[refund_id],idempotency_key"

const stripeReason = "requested_by_customer"

func checkStripe(c *checker) {
	s, known := stripeScale(c.p.Currency)
	c.checkProcessor(stripeReference, "a charge (ch_, py_) or a payment intent (pi_)", s, known)
}

func writeStripe(w *bufio.Writer, b *Batch) error {
	row := []byte(stripeHeader + "\n")
	for i := range b.Payments {
		p := &b.Payments[i]
		s, _ := stripeScale(p.Currency)
		amount, err := toProcessor(p.Amount, p.Currency, s)
		if err != nil {
			return err
		}
		if strings.HasPrefix(p.Payee.PSPReference, "pi_") {
			row = append(row, ',')
			row = append(row, p.Payee.PSPReference...)
		} else {
			row = append(append(row, p.Payee.PSPReference...), ',')
		}
		row = append(row, ',')
		row = strconv.AppendInt(row, amount, 10)
		row = append(row, ","+strings.ToLower(p.Currency.String())+","+stripeReason+","+p.Name+","+p.Name+"\n"...)
		if _, err := w.Write(row); err != nil {
			return err
		}
		row = row[:0]
	}
	return nil
}

func readStripe(r io.Reader, _ *File, each func(*Payment) error) error {
	records := csvfile.NewRecords(r)
	cells, err := records.Next()
	if err != nil {
		return atLine(records, err)
	}
	if got := joined(cells); got != stripeHeader {
		return fmt.Errorf("line 1: the columns are %.200q, not %s", got, stripeHeader)
	}
	return readRows(records, 7, each, func(cells [][]byte, p *Payment) error {
		charge, intent := string(cells[0]), string(cells[1])
		p.Payee.PSPReference = charge + intent
		isIntent := strings.HasPrefix(p.Payee.PSPReference, "pi_")
		switch {
		case !stripeReference.MatchString(p.Payee.PSPReference) || isIntent && charge != "" || !isIntent && intent != "":
			return errors.New("it names no charge and no payment intent, or both")
		case string(cells[4]) != stripeReason:
			return fmt.Errorf("reason: %q, not %s", discreet.Shown(cells[4]), stripeReason)
		case !bytes.Equal(cells[5], cells[6]):
			return errors.New("metadata and idempotency_key differ")
		case string(bytes.ToLower(cells[3])) != string(cells[3]):
			return fmt.Errorf("currency: %q is not in lower case", discreet.Shown(cells[3]))
		}
		p.Name = string(cells[6])
		return readProcessorAmount(p, cells[2], bytes.ToUpper(cells[3]), stripeScale)
	})
}

func checkAdyenBatch(c *checker) {
	if m := c.b.Debtor.Merchant; c.need("debtor merchant", m) && !adyenMerchant.MatchString(m) {
		c.add("debtor merchant", BadField, "%q is no merchant account", discreet.Shown(m))
	}
}

func checkAdyen(c *checker) {
	s, known := adyenScale(c.p.Currency)
	c.checkProcessor(adyenReference, "a PSP reference of 16 capitals and digits", s, known)
}

const adyenRefund = "refund"

func writeAdyen(w *bufio.Writer, b *Batch) error {
	for i := range b.Payments {
		p := &b.Payments[i]
		s, _ := adyenScale(p.Currency)
		amount, err := toProcessor(p.Amount, p.Currency, s)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s,%s,%s,%d,%s,%s\n", b.Debtor.Merchant, p.Payee.PSPReference, adyenRefund, amount, p.Currency, p.Name); err != nil {
			return err
		}
	}
	return nil
}

func readAdyen(r io.Reader, head *File, each func(*Payment) error) error {
	return readRows(csvfile.NewRecords(r), 6, each, func(cells [][]byte, p *Payment) error {
		if head.Totals.Count == 0 {
			head.Debtor.Merchant = string(cells[0])
		}
		p.Payee.PSPReference, p.Name = string(cells[1]), string(cells[5])
		switch {
		case head.Debtor.Merchant != string(cells[0]) || !adyenMerchant.Match(cells[0]):
			return errors.New("merchant account: another than in the first line, or none")
		case !adyenReference.Match(cells[1]):
			return fmt.Errorf("PSP reference: %q is none", discreet.Shown(cells[1]))
		case string(cells[2]) != adyenRefund:
			return fmt.Errorf("modification: %q, not %s", discreet.Shown(cells[2]), adyenRefund)
		}
		return readProcessorAmount(p, cells[3], cells[4], adyenScale)
	})
}

// readRows hands on a payment for each record.
func readRows(records *csvfile.Records, width int, each func(*Payment) error, row func(cells [][]byte, p *Payment) error) error {
	for {
		cells, err := records.Next()
		if err == io.EOF {
			return nil
		}
		var p Payment
		if err == nil && len(cells) != width {
			err = fmt.Errorf("%d cells, not %d", len(cells), width)
		}
		if err == nil {
			err = row(cells, &p)
		}
		if err == nil && !processorName.MatchString(p.Name) {
			err = fmt.Errorf("%q is no name of a payment", discreet.Shown(p.Name))
		}
		if err == nil {
			err = each(&p)
		}
		if err != nil {
			return atLine(records, err)
		}
	}
}

func readProcessorAmount(p *Payment, amount, code []byte, scales func(money.Currency) (scale, bool)) (err error) {
	if p.Currency, err = currency(code); err != nil {
		return err
	}
	s, known := scales(p.Currency)
	if !known {
		return fmt.Errorf("currency: how the processor counts %s is not known", p.Currency)
	}
	n, err := strconv.ParseInt(string(amount), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != string(amount) {
		return fmt.Errorf("amount: %q is no number of minor units", discreet.Shown(amount))
	}
	if p.Amount, err = fromProcessor(n, p.Currency, s); err != nil {
		return fmt.Errorf("amount: %w", err)
	}
	return nil
}
