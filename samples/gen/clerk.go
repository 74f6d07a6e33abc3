package gen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The outputs.
const (
	authSheet = iota
	paymentSheet
	accountSheet
	entrySheet
	chargeSheet
	moneySheet
	numSheets
)

var sheetNames = [numSheets]string{"auth", "payments", "accounts", "entries", "charges", "money"}

var sheetHeaders = [numSheets]string{
	authSheet:    "event_time,account_id,event,outcome,reason,ip,device_id,user_agent,session_id,country,asn\n",
	paymentSheet: "event_time,txn_id,account_id,kind,amount,currency,status,merchant_id,store_id,device_id,session_id,ip,funding_source,original_txn_id,funding_ref,counterparty_account_id\n",
	accountSheet: "account_id,role,vector,executor,lookalike,takeover_at,owner_seen_before,net_loss,currency\n",
	entrySheet:   "event_time,account_id,device_id,session_id,ip,role,campaign\n",
	chargeSheet:  "txn_id,account_id,event_time,kind,amount,currency,status,actor,campaign\n",
	moneySheet:   "account_id,component,channel,funding_ref,gross,returned,amount,currency\n",
}

// header returns the header line of a sheet.
func (t *town) header(sheet int) string {
	h := sheetHeaders[sheet]
	if sheet == paymentSheet && t.w.Registers {
		h = strings.TrimSuffix(h, "\n") + ",terminal_id,operator_id\n"
	}
	return h
}

func (o Outputs) writers() [numSheets]io.Writer {
	return [numSheets]io.Writer{o.Auth, o.Payments, o.Accounts, o.Entries, o.Charges, o.Money}
}

// A presence is who seems to be there when something happens: what a log shows
// of the person and the machine. Zero values are absent.
type presence struct {
	from    addr
	device  uint64
	session uint64
	agent   uint16
}

// A clerk writes down what one worker simulates. Rows of a unit (an account, a
// run of tries) are numbered, so that the order of the files does not depend
// on which clerk wrote them. The first error sticks.
type clerk struct {
	t      *town
	shards [numSheets]shard
	wanted [numSheets]bool
	dir    string
	limit  int // bytes of one output in memory
	err    error
	sum    Summary

	unit, rows uint64
}

func newClerk(t *town, out Outputs, opt Options) *clerk {
	c := &clerk{t: t, dir: opt.TempDir, limit: opt.spill}
	if c.limit == 0 {
		c.limit = spillBytes
	}
	for i, w := range out.writers() {
		c.wanted[i] = w != nil
	}
	return c
}

// tieRows bounds the rows of one unit: unit numbers stand above this bit.
const tieRows = 24

// tryUnits is where the numbers of units of tries begin, above all accounts.
const tryUnits = 1 << 39

// begin starts a unit.
func (c *clerk) begin(unit uint64) { c.unit, c.rows = unit<<tieRows, 0 }

// put ends a row of a sheet that was appended from off on.
func (c *clerk) put(sheet int, key uint64, off int) {
	c.rows++
	s := &c.shards[sheet]
	s.heads = append(s.heads, head{key, c.unit | c.rows, uint32(off), uint32(len(s.text) - off)})
	if len(s.text) < c.limit || c.err != nil {
		return
	}
	if err := s.spill(c.dir); err != nil {
		c.err = fmt.Errorf("gen: spill rows: %w", err)
	}
}

// An act is what a row of the auth log says.
type act struct{ event, outcome, reason string }

// auth writes a row of the auth log and reports whether it is in the log.
func (c *clerk) auth(at int64, id []byte, what act, who presence) bool {
	t := c.t
	if at >= t.end || t.missing(0, at) {
		return false
	}
	c.sum.AuthRows++
	if !c.wanted[authSheet] {
		return true
	}
	dup, key := false, uint64(at)
	if t.w.Disturb != (Disturbance{}) {
		who, dup, key = c.disturb(who, at)
		at += t.w.Disturb.AuthOffset.Microseconds()
		if !t.w.Disturb.Shuffle {
			key = uint64(at)
		}
	}
	s := &c.shards[authSheet]
	off := len(s.text)
	b := appendTime(s.text, at)
	b = append(b, ',')
	b = append(b, id...)
	b = append(b, ',')
	b = append(b, what.event...)
	b = append(b, ',')
	b = append(b, what.outcome...)
	b = append(b, ',')
	b = append(b, what.reason...)
	b = append(b, ',')
	b = appendAddr(b, who.from)
	b = append(b, ',')
	b = appendDevice(b, who.device)
	b = append(b, ',')
	b = append(b, t.agents.text[who.agent]...)
	b = append(b, ',')
	b = appendSession(b, who.session)
	b = append(b, ',')
	if who.from.net != 0 {
		o := &operators[who.from.isp]
		b = append(b, o.country...)
		b = append(b, ',')
		b = append(b, o.asn...)
	} else {
		b = append(b, ',')
	}
	s.text = append(b, '\n')
	c.putTwice(authSheet, key, off, dup)
	return true
}

// payment writes a row of the payment log and reports whether it is in the
// log.
func (c *clerk) payment(id []byte, e *entry) bool {
	t := c.t
	if e.at >= t.end || t.missing(1, e.at) {
		return false
	}
	c.sum.PaymentRows++
	if !c.wanted[paymentSheet] {
		return true
	}
	who, dup, key := e.who, false, uint64(e.at)
	if t.w.Disturb != (Disturbance{}) {
		who, dup, key = c.disturb(who, e.at)
	}
	s := &c.shards[paymentSheet]
	off := len(s.text)
	b := appendTime(s.text, e.at)
	b = append(b, ',')
	b = appendTxn(b, e.txn)
	b = append(b, ',')
	b = append(b, id...)
	b = append(b, ',')
	b = append(b, e.kind.String()...)
	b = append(b, ',')
	b = strconv.AppendInt(b, e.amount, 10)
	b = append(b, ",JPY,"...)
	b = append(b, e.status.String()...)
	b = append(b, ',')
	b = t.stores.appendIDs(b, e.store)
	b = append(b, ',')
	b = appendDevice(b, who.device)
	b = append(b, ',')
	b = appendSession(b, who.session)
	b = append(b, ',')
	b = appendAddr(b, who.from)
	b = append(b, ',')
	b = append(b, e.funding.String()...)
	b = append(b, ',')
	b = appendTxn(b, e.original)
	b = append(b, ',')
	b = appendRef(b, e.ref)
	b = append(b, ',')
	if e.other > 0 {
		b = t.appendAccount(b, e.other-1)
	}
	if t.w.Registers {
		b = t.appendPost(append(b, ','), e)
	}
	s.text = append(b, '\n')
	c.putTwice(paymentSheet, key, off, dup)
	return true
}

// putTwice ends a row, and writes it again when dup says so.
func (c *clerk) putTwice(sheet int, key uint64, off int, dup bool) {
	s := &c.shards[sheet]
	var again []byte
	if dup {
		again = slices.Clone(s.text[off:]) // put may take the text away
	}
	c.put(sheet, key, off)
	if dup {
		off = len(s.text)
		s.text = append(s.text, again...)
		c.put(sheet, key, off)
	}
}

// disturb decides what becomes of a row on its way into the file.
func (c *clerk) disturb(who presence, at int64) (_ presence, dup bool, key uint64) {
	d := &c.t.w.Disturb
	r := newRNG(c.t.w.Seed, streamDisturb, c.unit|c.rows)
	if r.chance(d.LostDevice) {
		who.device = 0
	}
	if r.chance(d.LostSession) {
		who.session = 0
	}
	if r.chance(d.LostIP) {
		who.from = addr{}
	}
	dup = r.chance(d.Duplicates)
	key = uint64(at)
	if d.Shuffle {
		key = r.next()
	}
	return who, dup, key
}

// missing reports whether a log (0 auth, 1 payments) lost the hour of a time.
func (t *town) missing(log int, at int64) bool {
	return len(t.lost[log]) > 0 && t.lost[log][at/hour]
}

// finish sorts what is still in memory.
func (c *clerk) finish() error {
	for i := range c.shards {
		slices.SortFunc(c.shards[i].heads, compareHeads)
	}
	return c.err
}

func closeAll(clerks []*clerk) {
	for _, c := range clerks {
		for i := range c.shards {
			c.shards[i].close()
		}
	}
}

// writeAll merges what the clerks hold into the outputs, and adds up what they
// counted.
func writeAll(ctx context.Context, clerks []*clerk, out Outputs, opt Options) (Summary, error) {
	var sum Summary
	for _, c := range clerks {
		sum.add(&c.sum)
	}
	total := sum.AuthRows + sum.PaymentRows
	var mu sync.Mutex
	var done int64
	progress := func(rows int64) {
		if opt.Progress != nil {
			mu.Lock()
			done += rows
			opt.Progress("write", min(done, total), total)
			mu.Unlock()
		}
	}
	var errs [numSheets]error
	var sizes [numSheets]int64
	write := func(sheet int, w io.Writer) {
		if w == nil {
			return
		}
		var shards []*shard
		for _, c := range clerks {
			shards = append(shards, &c.shards[sheet])
		}
		n := &counter{w: w}
		b := bufio.NewWriterSize(n, 1<<18)
		_, _ = b.WriteString(clerks[0].t.header(sheet)) // Flush tells
		err := merge(ctx, b, shards, progress)
		if failed := b.Flush(); err == nil {
			err = failed
		}
		if err != nil {
			errs[sheet] = fmt.Errorf("gen: write %s: %w", sheetNames[sheet], err)
		}
		sizes[sheet] = n.bytes
	}
	var wg sync.WaitGroup
	writers := out.writers()
	// The two logs are nearly everything: they go at the same time.
	wg.Go(func() { write(authSheet, writers[authSheet]) })
	wg.Go(func() {
		for sheet := paymentSheet; sheet < numSheets; sheet++ {
			write(sheet, writers[sheet])
		}
	})
	wg.Wait()
	sum.AuthBytes, sum.PaymentBytes = sizes[authSheet], sizes[paymentSheet]
	return sum, errors.Join(errs[:]...)
}

// A counter counts what goes through it.
type counter struct {
	w     io.Writer
	bytes int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.bytes += int64(n)
	return n, err
}

// add adds the counts of another summary.
func (s *Summary) add(o *Summary) {
	s.AuthRows += o.AuthRows
	s.PaymentRows += o.PaymentRows
	s.Victims += o.Victims
	s.Entered += o.Entered
	s.Mules += o.Mules
	s.Lookalikes += o.Lookalikes
	s.Entries += o.Entries
	s.Tries += o.Tries
	s.Charges += o.Charges
	s.NetLoss += o.NetLoss
}

// appendTime appends a time as RFC 3339 in UTC with six digits.
func appendTime(dst []byte, at int64) []byte {
	year, month, dom := time.UnixMicro(at - at%day).UTC().Date()
	dst = append4(dst, year)
	dst = append2(append(dst, '-'), int(month))
	dst = append2(append(dst, '-'), dom)
	of := at % day
	dst = append2(append(dst, 'T'), int(of/hour))
	dst = append2(append(dst, ':'), int(of/minute%60))
	dst = append2(append(dst, ':'), int(of/second%60))
	micro := int(of % second)
	dst = append2(append(dst, '.'), micro/10000)
	dst = append2(dst, micro/100%100)
	dst = append2(dst, micro%100)
	return append(dst, 'Z')
}

func append2(dst []byte, v int) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }

func append4(dst []byte, v int) []byte { return append2(append2(dst, v/100), v%100) }
