package bridge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// The reasons of steps between cases and ledgers. Lists by rules have their own.
const (
	NewLogs        = "new_logs"
	EvidenceRose   = "evidence_rose"
	EvidenceFell   = "evidence_fell"
	Reversed       = "reversed"
	Undone         = "reversal_undone"
	Decision       = "decision"
	Deduplicated   = "deduplicated"
	NotInInputs    = "no_longer_in_inputs"
	ChargesFound   = "charges_found"
	ChargesDropped = "charges_dropped"
	PolicyChanged  = "policy_changed"
	VersionChanged = "version_changed"
	MethodChanged  = "method_changed"
	LogsAndMethod  = "logs_and_method_changed"
	PaidEarlier    = "paid_earlier"
	OtherRule      = "counted_by_another_rule"
	NotComputable  = "not_computable"
)

// Reasons lists the reasons of steps between cases and ledgers, with what they
// mean.
func Reasons() [][2]string {
	return [][2]string{
		{NewLogs, "charges outside the time of the old payment logs: mostly after their end"},
		{EvidenceRose, "the logs grew or changed, or another part of them was read, and it is surer: the detail says by which evidence"},
		{EvidenceFell, "the logs grew or changed, or another part of them was read, and it is less sure"},
		{Reversed, "charges were reversed, refunded, charged back or declined since"},
		{Undone, "what had come back is out again"},
		{Decision, "a person decided, or a claim was borne out"},
		{Deduplicated, "counted twice before: the same charge under another name stays"},
		{NotInInputs, "its charges are no longer in the logs, or in the part of them, that were read"},
		{ChargesFound, "charges within the old logs that are held against the intruder now"},
		{ChargesDropped, "charges that are no longer held against the intruder"},
		{PolicyChanged, "the same logs under another policy"},
		{VersionChanged, "the same logs by another version of the program"},
		{MethodChanged, "the same logs under another policy and by another version"},
		{LogsAndMethod, "logs and method both changed: which of them did it cannot be known"},
		{PaidEarlier, "more, or less, was paid before"},
		{NotComputable, "the estimates do not say; the detail says what is missing"},
	}
}

// A pair is two estimates that are compared.
type pair struct {
	old, new *Estimate
	rule     bool // one of them at least is a list by a rule
	blind    bool // one of them at least knows no charges or takeovers
	// sameLogs and sameMethod hold where both are known and alike.
	knownLogs, sameLogs     bool
	sameExcluded            bool
	sameListed              bool // what others saw in attacks
	policyDiff, versionDiff bool
	oldLines, newLines      map[key][]*ledger.Line
	oldCharges, newCharges  map[string][]Txn // by account
	oldDecided, newDecided  map[string][]Txn
	newTwins                map[twin]bool
}

// A twin is what two names of one charge have in common.
type twin struct {
	account, kind, store string
	time, amount         int64
	currency             money.Currency
}

func twinOf(account string, c *Charge) twin {
	return twin{account, c.Kind, c.Store, c.Time, c.Amount, c.Currency}
}

func newPair(old, new *Estimate) *pair {
	p := &pair{old: old, new: new, rule: old.Lacks != nil || new.Lacks != nil}
	p.blind = old.Charges == nil || new.Charges == nil || old.Takeovers == nil || new.Takeovers == nil
	p.knownLogs = old.Inputs != nil && new.Inputs != nil
	p.sameExcluded = slices.Equal(hashes(old, isExcluded), hashes(new, isExcluded))
	p.sameLogs = p.knownLogs && p.sameExcluded && old.Part == new.Part && slices.Equal(hashes(old, isLog), hashes(new, isLog))
	p.sameListed = slices.Equal(hashes(old, isListed), hashes(new, isListed))
	p.policyDiff, p.versionDiff = old.Policy != new.Policy, old.Version != new.Version
	p.oldLines, p.newLines = linesOf(old), linesOf(new)
	p.oldCharges, p.newCharges = byAccount(old.Charges), byAccount(new.Charges)
	p.oldDecided, p.newDecided = byAccount(old.Decisions), byAccount(new.Decisions)
	p.newTwins = map[twin]bool{}
	for t, c := range new.Charges {
		p.newTwins[twinOf(t.Account, &c)] = true
	}
	return p
}

// Files beside the logs are inputs too; what they change has reasons of its own.
func isLog(role string) bool { return role == "auth" || role == "payments" || role == "history" }

func isExcluded(role string) bool { return role == "exclude" }

func isListed(role string) bool { return role == "known-bad" }

// hashes returns the inputs of some roles.
func hashes(e *Estimate, wanted func(role string) bool) []string {
	var all []string
	for _, in := range e.Inputs {
		if wanted(in.Role) {
			sum := in.SHA256
			if sum == "" {
				sum = "of " + e.Name
			}
			all = append(all, in.Role+" "+sum)
		}
	}
	slices.Sort(all)
	return all
}

func linesOf(e *Estimate) map[key][]*ledger.Line {
	m := map[key][]*ledger.Line{}
	for i := range e.Lines {
		l := &e.Lines[i]
		k := key{l.Account, l.Currency}
		m[k] = append(m[k], l)
	}
	return m
}

// byAccount returns what charges are told of, by account.
func byAccount[V any](all map[Txn]V) map[string][]Txn {
	m := map[string][]Txn{}
	for t := range all {
		m[t.Account] = append(m[t.Account], t)
	}
	for _, list := range m {
		slices.SortFunc(list, func(a, b Txn) int { return cmp.Compare(a.ID, b.ID) })
	}
	return m
}

// listsDiffer says that others' indicators are not those of before.
const listsDiffer = "; what others saw (--known-bad) is not the same list"

// method returns the reason of a change that nothing in the logs explains, and
// evidence if the logs changed and nothing else.
func (p *pair) method(evidence, detail string) (string, string) {
	method := p.policyDiff || p.versionDiff
	switch {
	case !p.knownLogs:
		return NotComputable, "an estimate does not say what it was made from"
	case !p.sameLogs && method:
		return LogsAndMethod, detail
	case !p.sameLogs:
		return evidence, detail
	case !p.sameListed && method:
		return LogsAndMethod, detail + listsDiffer
	case !p.sameListed:
		return evidence, detail + listsDiffer
	case p.policyDiff && p.versionDiff:
		return MethodChanged, detail
	case p.policyDiff:
		return PolicyChanged, detail
	case p.versionDiff:
		return VersionChanged, detail
	}
	return NotComputable, "logs, policy and version are the same in both: they were read in another way, or one of the cases was changed"
}

// decided reports whether the decisions on an account, or on a charge of it,
// differ and now say so.
func (p *pair) decided(account string, confirm bool) bool {
	for _, t := range p.newDecided[account] {
		if was, known := p.old.Decisions[t]; p.new.Decisions[t] == confirm && (!known || was != confirm) {
			return true
		}
	}
	for _, t := range p.oldDecided[account] {
		if _, known := p.new.Decisions[t]; p.old.Decisions[t] != confirm && !known {
			return true
		}
	}
	return false
}

// entered says why a victim is new.
func (p *pair) entered(w *Victim) (reason, detail string) {
	if p.rule {
		return p.byRule(p.new, w), ""
	}
	if p.blind {
		return NotComputable, "a ledger holds no evidence; compare the cases"
	}
	late, early, back := 0, 0, 0
	for _, t := range p.newCharges[w.Account] {
		c := p.new.Charges[t]
		if c.Currency != w.Currency || !c.stands() {
			continue
		}
		was, known := p.old.Charges[t]
		switch {
		case known && !was.stands():
			back++
		case p.late(&c):
			late++
		default:
			early++
		}
	}
	before, entered := p.old.Takeovers[w.Account]
	switch {
	case p.decided(w.Account, true) || w.Validation == ledger.Operator:
		return Decision, ""
	case late > 0 && early == 0 && back == 0:
		return NewLogs, some(late, "charge")
	case back > 0 && early == 0:
		return Undone, some(back, "charge") + " back"
	}
	now := p.new.Takeovers[w.Account]
	detail = "the old case gives it no score; now " + scored(&now)
	if entered {
		return p.method(ChargesFound, "was entered without loss; "+weighed(&before, &now))
	}
	return p.method(EvidenceRose, detail)
}

// some words how many there are of something.
func some(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// late reports whether a charge lies outside the time of the old logs.
func (p *pair) late(c *Charge) bool {
	return p.old.To != 0 && c.Time > p.old.To || p.old.From != 0 && c.Time < p.old.From
}

func (p *pair) byRule(e *Estimate, v *Victim) string {
	if v.Why != "" {
		return v.Why
	}
	return "listed_by_" + code(e.Name)
}

// code makes a code of a name.
func code(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, strings.ToLower(name))
}

// left says why a victim is no longer there.
func (p *pair) left(v *Victim) (reason, detail string) {
	if p.rule {
		if p.new.Lacks != nil {
			return p.new.Lacks(v.Account), ""
		}
		return "not_in_" + code(p.new.Name), ""
	}
	if p.blind {
		return NotComputable, "a ledger holds no evidence; compare the cases"
	}
	n := map[string]int{}
	stood := 0
	for _, t := range p.oldCharges[v.Account] {
		if c := p.old.Charges[t]; c.Currency == v.Currency && c.stands() {
			stood++
			n[p.fate(t, &c)]++
		}
	}
	_, entered := p.new.Takeovers[v.Account]
	switch {
	case p.decided(v.Account, false):
		return Decision, "dismissed"
	case stood > 0 && n[Reversed] == stood:
		return Reversed, some(stood, "charge")
	case stood > 0 && n[Deduplicated] == stood:
		return Deduplicated, some(stood, "charge")
	case stood > 0 && n[NotInInputs] == stood:
		return NotInInputs, some(stood, "charge")
	case entered:
		before, now := p.old.Takeovers[v.Account], p.new.Takeovers[v.Account]
		return p.method(ChargesDropped, "is entered still, but no charge of it stands"+fates(n)+p.perhapsExcluded(n)+"; "+weighed(&before, &now))
	}
	reason, detail = p.method(EvidenceFell, "the new case gives it no score")
	if reason == EvidenceFell && !p.still(v) {
		return NotComputable, "its evidence fell, or its rows are no longer in the logs: a log was replaced, or other rows are excluded; --logs looks"
	}
	return reason, detail
}

// perhapsExcluded says that charges may have been dropped because their rows are
// excluded now, where nobody looked.
func (p *pair) perhapsExcluded(n map[string]int) string {
	if p.sameExcluded || p.new.Present != nil || n[ChargesDropped] == 0 {
		return ""
	}
	return ", perhaps excluded: --logs looks"
}

// still reports whether the rows of a victim are known to be in the new logs:
// somebody looked, or the very files are there.
func (p *pair) still(v *Victim) bool {
	for _, t := range p.oldCharges[v.Account] {
		if p.new.Present[t] {
			continue
		}
		if _, there := p.new.Charges[t]; !there && !p.kept(p.old.Charges[t].Source) {
			return false
		}
	}
	return true
}

// kept reports whether the very file is an input of both, and whole.
func (p *pair) kept(source string) bool {
	if !p.sameExcluded {
		return false
	}
	for _, in := range p.old.Inputs {
		if file, _, _ := strings.Cut(source, "!"); in.Name != source && in.Name != file {
			continue
		}
		if slices.ContainsFunc(p.new.Inputs, func(now Input) bool { return in.SHA256 != "" && now.SHA256 == in.SHA256 && now.Role == in.Role }) {
			return true
		}
	}
	return false
}

// fate says what became of a charge that stood.
func (p *pair) fate(t Txn, c *Charge) string {
	now, there := p.new.Charges[t]
	switch {
	case there && !now.stands():
		return Reversed
	case there && now.Tier < c.Tier:
		return EvidenceFell
	case there:
		return "stands"
	case p.newTwins[twinOf(t.Account, c)]:
		return Deduplicated
	case p.new.Present != nil && !p.new.Present[t], p.new.From != 0 && c.Time < p.new.From, p.new.To != 0 && c.Time > p.new.To:
		return NotInInputs
	}
	return ChargesDropped
}

// fates words what became of charges.
func fates(n map[string]int) string {
	var parts []string
	for _, reason := range []string{Reversed, Deduplicated, NotInInputs, ChargesDropped, EvidenceFell} {
		if n[reason] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[reason], reason))
		}
	}
	if parts == nil {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// moved says why a victim is in another tier.
func (p *pair) moved(v, w *Victim) (reason, detail string) {
	switch {
	case p.rule:
		return OtherRule, ""
	case p.blind:
		return NotComputable, "a ledger holds no evidence; compare the cases"
	case p.decided(v.Account, rank(w.Tier) > rank(v.Tier)), onlyDecided(v.Tier, w.Tier), onlyDecided(w.Tier, v.Tier), v.Validation != w.Validation && w.Validation == ledger.Operator:
		return Decision, ""
	}
	evidence := EvidenceRose
	if rank(w.Tier) < rank(v.Tier) {
		evidence = EvidenceFell
	}
	before, now := p.old.Takeovers[v.Account], p.new.Takeovers[w.Account]
	detail = weighed(&before, &now)
	if (rank(w.Tier) > rank(v.Tier)) != (now.Score > before.Score) {
		detail = "not by the score alone: " + detail
	}
	return p.method(evidence, detail)
}

// onlyDecided reports whether two tiers differ by a decision alone.
func onlyDecided(one, other takeover.Tier) bool {
	return one == takeover.Possible && other == ByDecision
}

// scored words a score and the groups that make most of it.
func scored(t *Takeover) string {
	text := fmt.Sprintf("score %d", t.Score)
	if t.Weights == nil {
		return text
	}
	order := []int{1, 2, 3, 4, 5}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.Weights[b], t.Weights[a]) })
	var parts []string
	for _, i := range order[:3] {
		if t.Weights[i] > 0 {
			parts = append(parts, fmt.Sprintf("%s %+d", WeightNames[i], t.Weights[i]))
		}
	}
	if parts == nil {
		return text
	}
	return text + ": " + strings.Join(parts, ", ")
}

// weighed words how evidence changed.
func weighed(before, now *Takeover) string {
	text := fmt.Sprintf("score %d to %d", before.Score, now.Score)
	var parts []string
	if len(before.Weights) == len(WeightNames) && len(now.Weights) == len(WeightNames) {
		for i, name := range WeightNames {
			if d := now.Weights[i] - before.Weights[i]; d != 0 {
				parts = append(parts, fmt.Sprintf("%s %+d", name, d))
			}
		}
	}
	for _, r := range now.Reasons {
		if !slices.Contains(before.Reasons, r) {
			parts = append(parts, "now "+r)
		}
	}
	for _, r := range before.Reasons {
		if !slices.Contains(now.Reasons, r) {
			parts = append(parts, "no longer "+r)
		}
	}
	if parts == nil {
		return text
	}
	return text + ": " + strings.Join(parts, ", ")
}

// A part is a share of the change of an amount.
type part struct {
	reason, detail string
	amount         int64
}

// valued takes the change of an amount apart, line by line of the ledger. What
// the lines do not explain is a part of its own, so that the parts always make
// the whole.
func (p *pair) valued(v, w *Victim) ([]part, error) {
	var sums sums
	delta := sums.less(w.Amount, v.Amount)
	if sums.err != nil {
		return nil, sums.err
	}
	if p.rule {
		return []part{{OtherRule, "", delta}}, nil
	}
	k := key{v.Account, v.Currency}
	was := map[string]*ledger.Line{}
	for _, l := range p.oldLines[k] {
		was[l.ID] = l
	}
	for _, l := range p.newLines[k] {
		sums.line(p, was[l.ID], l)
		delete(was, l.ID)
	}
	for _, l := range p.oldLines[k] {
		if was[l.ID] == l {
			sums.line(p, l, nil)
		}
	}
	parts, err := sums.parts()
	if err != nil {
		return nil, err
	}
	rest := money.Sum{}
	rest.Add(delta)
	for _, x := range parts {
		rest.Add(-x.amount)
	}
	left, err := rest.Total()
	if err == nil && left != 0 {
		parts = append(parts, part{NotComputable, "the lines of the ledger do not explain it", left})
	}
	return parts, err
}

// sums gather the parts of one victim's change by reason.
type sums struct {
	reasons []string
	amounts map[string]*money.Sum
	lines   map[string]int
	err     error // the first difference that does not fit
}

// less returns a-b, and remembers if that does not fit.
func (s *sums) less(a, b int64) int64 {
	d := a - b
	if (a >= 0) != (b >= 0) && (d >= 0) != (a >= 0) {
		s.err = cmp.Or(s.err, money.ErrOverflow)
		return 0
	}
	return d
}

func (s *sums) add(reason string, amount int64) {
	if amount == 0 {
		return
	}
	if s.amounts == nil {
		s.amounts, s.lines = map[string]*money.Sum{}, map[string]int{}
	}
	if s.amounts[reason] == nil {
		s.reasons = append(s.reasons, reason)
		s.amounts[reason] = &money.Sum{}
	}
	s.amounts[reason].Add(amount)
	s.lines[reason]++
}

func (s *sums) parts() ([]part, error) {
	if s.err != nil {
		return nil, s.err
	}
	slices.Sort(s.reasons)
	var all []part
	for _, r := range s.reasons {
		amount, err := s.amounts[r].Total()
		if err != nil {
			return nil, err
		}
		if amount != 0 {
			all = append(all, part{r, some(s.lines[r], "line"), amount})
		}
	}
	return all, nil
}

// line explains the change of one line; nil is one that is not there.
func (s *sums) line(p *pair, was, now *ledger.Line) {
	none := &ledger.Line{}
	before, after := cmp.Or(was, none), cmp.Or(now, none)
	s.add(PaidEarlier, s.less(before.Earlier, after.Earlier))
	if was != nil && now != nil {
		if returned := s.less(before.Returned, after.Returned); returned > 0 {
			s.add(Undone, returned)
		} else {
			s.add(Reversed, returned)
		}
		s.add(p.grossReason(was, now), s.less(after.Gross, before.Gross))
		return
	}
	s.add(p.grossReason(was, now), s.less(s.less(after.Gross, after.Returned), s.less(before.Gross, before.Returned)))
}

// grossReason says why a line stands on more or less than before.
func (p *pair) grossReason(was, now *ledger.Line) string {
	if p.blind {
		return NotComputable
	}
	line := now
	if line == nil {
		line = was
	}
	txns := line.Txns
	if was != nil && now != nil {
		txns = append(slices.Clone(was.Txns), now.Txns...)
	}
	if line.Component != refund.InstrumentRefund {
		txns = nil // the wallet follows from all that changed in the account
		for _, t := range slices.Concat(p.oldCharges[line.Account], p.newCharges[line.Account]) {
			txns = append(txns, t.ID)
		}
	}
	n := map[string]int{}
	for _, id := range txns {
		n[p.turn(Txn{line.Account, id})]++
	}
	delete(n, "stands")
	if p.decided(line.Account, true) || p.decided(line.Account, false) {
		return Decision
	}
	for _, reason := range []string{NewLogs, Reversed, Undone, Deduplicated, NotInInputs, ChargesFound, ChargesDropped, EvidenceRose, EvidenceFell} {
		if n[reason] > 0 {
			return reason
		}
	}
	return NotComputable
}

// turn says what became of a charge from one estimate to the other.
func (p *pair) turn(t Txn) string {
	was, before := p.old.Charges[t]
	now, after := p.new.Charges[t]
	switch {
	case before && was.stands() && !(after && now.stands() && now.Tier >= was.Tier):
		return p.fate(t, &was)
	case after && !now.stands():
		return "stands" // as it was, or never counted
	case after && before && !was.stands():
		return Undone
	case after && before && now.Tier > was.Tier:
		return EvidenceRose
	case after && !before && p.late(&now):
		return NewLogs
	case after && !before:
		return ChargesFound
	}
	return "stands"
}

// Named reports whether a tier counts as named: probable, confirmed or decided by a
// person, or one of a list that knows no tiers.
func Named(t takeover.Tier) bool { return t != takeover.Possible }
