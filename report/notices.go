package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/bridge"
	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// Notices are who is to be told of an incident, and the figures that a regulator
// asks for. All are of the tables of a case.
type Notices struct {
	Customers []Customer
	Summary   *Summary
	Entered   TierCounts // accounts that someone else got into
	Robbed    TierCounts // of them, with a loss that stands
	// What a person decided: accounts entered only possibly, and losses only
	// possible, that were confirmed. Maybe are accounts to be told whose loss is only
	// possible.
	Decided, RobbedDecided, Maybe int64
	Money                         []NoticeMoney
}

// A Customer is an account to be told, in one currency if it lost something.
type Customer struct {
	Account            string
	Lost               bool
	Tier               takeover.Tier // of the loss, else of the entry
	Entry              takeover.Tier // how sure it is that someone else got in
	Decided            bool          // a person confirmed the account
	Vector             string
	EnteredAt          int64
	First, Last        int64 // fraudulent charges
	Charges            int64
	TopUp, Spend, Loss int64
	Currency           string
}

// A NoticeMoney adds up the victims of a currency that are owed: confirmed,
// probable, and those that a person confirmed.
type NoticeMoney struct {
	Currency           money.Currency
	Victims, Charges   int64
	TopUp, Spend, Loss int64
}

// Told reports whether a customer is told without a decision first.
func (c *Customer) Told() bool { return c.Entry >= takeover.Probable || c.Decided }

// Owed reports whether a customer lost something that is owed.
func (c *Customer) Owed() bool { return c.Lost && (c.Tier >= takeover.Probable || c.Decided) }

// A NoticeError is a case whose tables and summary say different things.
type NoticeError struct{ problem string }

func (e *NoticeError) Error() string { return e.problem }

// ReadNotices draws notices from a finished case, and makes sure that its tables
// add up to its summary.
func ReadNotices(dir string) (*Notices, error) {
	n := &Notices{}
	m, err := ReadManifest(dir)
	if err == nil {
		err = m.WithIDs(dir)
	}
	if err != nil {
		return nil, err
	}
	takeovers, err := Read(dir, takeoversSchema.Name)
	if err != nil {
		return nil, err
	}
	victims, err := Read(dir, victimsSchema.Name)
	if err != nil {
		return nil, err
	}
	if n.Summary, err = ReadSummary(dir); err != nil {
		return nil, err
	}
	decisions, err := decisionsOf(dir, m)
	if err != nil {
		return nil, err
	}
	lost, err := n.victims(victims)
	if err != nil {
		return nil, err
	}
	if err := n.takeovers(takeovers, lost); err != nil {
		return nil, err
	}
	for i := range n.Customers {
		c := &n.Customers[i]
		c.Decided = c.Decided || decisions[bridge.Txn{Account: c.Account}]
	}
	slices.SortFunc(n.Customers, func(a, b Customer) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency))
	})
	n.people()
	return n, n.add()
}

func cellsIn(t *table.Table) func(row int) (text func(string) string, number func(string) int64) {
	at := map[string]*table.Cells{}
	for i, c := range t.Schema().Columns {
		at[c.Name] = t.Cells(i)
	}
	return func(row int) (func(string) string, func(string) int64) {
		return func(c string) string { return at[c].Text(row) }, func(c string) int64 { return at[c].Int(row) }
	}
}

// victims reads who lost something, and returns the surest tier of each account.
func (n *Notices) victims(t *table.Table) (map[string]takeover.Tier, error) {
	lost := map[string]takeover.Tier{}
	at := cellsIn(t)
	for row := range t.Rows() {
		text, number := at(row)
		c := Customer{Account: text("account_id"), Lost: true, Vector: text("vector"), EnteredAt: number("takeover_at"), First: number("first_fraud_at"),
			Last: number("last_fraud_at"), Charges: number("fraud_charges"), TopUp: number("topup_amount"), Spend: number("spend_amount"),
			Loss: number("net_loss"), Currency: text("currency")}
		var ok bool
		if c.Tier, ok = takeover.ParseTier(text("tier")); !ok {
			return nil, fmt.Errorf("table victims: row %d: %q is no tier", row+1, discreet.Shown(text("tier")))
		}
		held, _ := ledger.ParseValidation(text("validation"))
		c.Decided = heldBy(c.Tier, held) == bridge.ByDecision
		lost[c.Account] = max(lost[c.Account], c.Tier)
		n.Customers = append(n.Customers, c)
	}
	return lost, nil
}

func (n *Notices) takeovers(t *table.Table, lost map[string]takeover.Tier) error {
	at := cellsIn(t)
	seen := map[string]takeover.Tier{}
	for row := range t.Rows() {
		text, number := at(row)
		c := Customer{Account: text("account_id"), Vector: text("vector"), EnteredAt: number("takeover_at")}
		var ok bool
		if c.Tier, ok = takeover.ParseTier(text("tier")); !ok || seen[c.Account] != takeover.NoTier {
			return fmt.Errorf("table takeovers: row %d: the account has no tier, or stands twice", row+1)
		}
		seen[c.Account], c.Entry = c.Tier, c.Tier
		n.Entered.add(c.Tier)
		if tier, robbed := lost[c.Account]; robbed {
			n.Robbed.add(tier)
			continue
		}
		n.Customers = append(n.Customers, c)
	}
	for i := range n.Customers {
		c := &n.Customers[i]
		if c.Entry = seen[c.Account]; c.Entry == takeover.NoTier {
			return &NoticeError{fmt.Sprintf("account %q is a victim, but no takeover", discreet.Shown(c.Account))}
		}
	}
	return nil
}

// people counts accounts, each once, by what a person decided of them. Customers
// are by account.
func (n *Notices) people() {
	for list := n.Customers; len(list) > 0; {
		last := 1
		for last < len(list) && list[last].Account == list[0].Account {
			last++
		}
		of := list[:last]
		list = list[last:]
		if of[0].Entry == takeover.Possible && slices.ContainsFunc(of, func(c Customer) bool { return c.Decided }) {
			n.Decided++
		}
		switch {
		case slices.ContainsFunc(of, func(c Customer) bool { return c.Lost && c.Tier >= takeover.Probable }):
		case slices.ContainsFunc(of, func(c Customer) bool { return c.Owed() }):
			n.RobbedDecided++
		case of[0].Lost && slices.ContainsFunc(of, func(c Customer) bool { return c.Told() }):
			n.Maybe++
		}
	}
}

// Told counts the accounts to be told, WithLoss those of them that are owed, Open
// those that a person must look at first.
func (n *Notices) Told() int64     { return n.Entered.sure() + n.Decided }
func (n *Notices) WithLoss() int64 { return n.Robbed.sure() + n.RobbedDecided }
func (n *Notices) Open() int64     { return n.Entered.Possible - n.Decided }

// add adds up the money and compares it with the summary.
func (n *Notices) add() error {
	at := map[string]*NoticeMoney{}
	for i := range n.Customers {
		c := &n.Customers[i]
		if !c.Owed() {
			continue
		}
		m := at[c.Currency]
		if m == nil {
			code, ok := money.ParseCurrency([]byte(c.Currency))
			if !ok {
				return fmt.Errorf("table victims: %q is no currency", discreet.Shown(c.Currency))
			}
			m = &NoticeMoney{Currency: code}
			at[c.Currency] = m
		}
		m.Victims++
		m.Charges += c.Charges
		for _, s := range []struct {
			to *int64
			v  int64
		}{{&m.TopUp, c.TopUp}, {&m.Spend, c.Spend}, {&m.Loss, c.Loss}} {
			var err error
			if *s.to, err = money.Add(*s.to, s.v); err != nil {
				return err
			}
		}
	}
	for _, s := range n.Summary.Money {
		var m NoticeMoney
		if at[s.Currency] != nil {
			m = *at[s.Currency]
		}
		if m.Loss != s.NetLoss || m.TopUp != s.TopUp || m.Spend != s.Spend {
			return &NoticeError{fmt.Sprintf("victims in %s lost %d, the summary of the case says %d", s.Currency, m.Loss, s.NetLoss)}
		}
	}
	if n.Entered != n.Summary.Takeovers {
		return &NoticeError{"the takeovers are not those that the summary of the case counts"}
	}
	for _, m := range at {
		n.Money = append(n.Money, *m)
	}
	slices.SortFunc(n.Money, func(a, b NoticeMoney) int { return cmp.Compare(a.Currency.String(), b.Currency.String()) })
	return nil
}

var customersSchema = table.Schema{
	Name: "customers", Doc: "an account whose owner is to be told, one row a currency",
	Columns: []table.Column{
		col("account_id", table.Text, docAccount),
		col("notify", table.Code, "yes, or decide: the account is only possibly entered, and nobody confirmed it"),
		col("what", table.Code, "loss: entered, and money is gone; loss_possible: that is only possible; entered: no money is gone"),
		col("tier", table.Code, docTier),
		col("vector", table.Code, docVector),
		col("entered_at", table.Time, "since when someone else was in the account"),
		maybe("first_fraud_at", table.Time, "first fraudulent charge"),
		maybe("last_fraud_at", table.Time, "last fraudulent charge"),
		col("fraud_charges", table.Int, "fraudulent charges that were not declined"),
		maybe("topup_amount", table.Amount, "fraudulent top-ups, "+docMinor),
		maybe("spend_amount", table.Amount, "fraudulent payments and transfers, "+docMinor),
		maybe("net_loss", table.Amount, "what is owed, "+docMinor),
		maybe("currency", table.Code, docCurrency),
	},
}

// CustomersTable returns who is to be told.
func CustomersTable(n *Notices) (*table.Table, error) {
	t := table.New(customersSchema, len(n.Customers))
	row := t.Appender()
	for i := range n.Customers {
		c := &n.Customers[i]
		row.Text(c.Account)
		row.Code(pick(c.Told(), "yes", "decide"))
		row.Code(pick(c.Lost, pick(c.Owed(), "loss", "loss_possible"), "entered"))
		row.Code(c.Tier.String())
		row.Code(c.Vector)
		row.Time(c.EnteredAt)
		if !c.Lost {
			row.Null()
			row.Null()
			row.Int(0)
			for range 4 {
				row.Null()
			}
			row.End()
			continue
		}
		row.Time(c.First)
		row.Time(c.Last)
		row.Int(c.Charges)
		row.Amount(c.TopUp)
		row.Amount(c.Spend)
		row.Amount(c.Loss)
		row.Code(c.Currency)
		row.End()
	}
	return t, t.Validate()
}

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// NoticeOptions say how a report is written.
type NoticeOptions struct {
	Japanese bool
	Zone     *time.Location
	Known    calendar.Day // when the service knew, 0: not said
	Least    int64        // public: counts below it are not shown
}

// Days that the law gives for the reports of an incident (個人情報保護法 26条,
// 施行規則 8条): the first within about 3 to 5, the final one within 60 where an
// act was malicious.
const (
	firstReportDays = 5
	finalReportDays = 60
)

// at writes a time for people.
func (o *NoticeOptions) at(stamp *string) string {
	if stamp == nil {
		return pick(o.Japanese, "なし", "none")
	}
	us, ok := table.ParseTime([]byte(*stamp))
	if !ok {
		return console.Clean(*stamp)
	}
	return time.UnixMicro(us).In(o.Zone).Format("2006-01-02 15:04:05 -07:00")
}

// sure counts the confirmed and probable.
func (t TierCounts) sure() int64 { return t.Confirmed + t.Probable }

// RegulatorReport returns the first report to the regulator as Markdown. Every
// number is of the case; what a log cannot say is left for a person, and says so.
func RegulatorReport(n *Notices, o NoticeOptions) string {
	var b strings.Builder
	say := func(ja, en string, args ...any) {
		fmt.Fprintf(&b, pick(o.Japanese, ja, en)+"\n", args...)
	}
	missing := func(ja, en string) {
		say("- 【要記入】ログからは算出できない: "+ja, "- TO BE FILLED IN, not computable from the logs: "+en)
	}
	s := n.Summary
	say("# 個人データの漏えい等報告（速報・案）", "# First report of a personal data breach (draft)")
	say("\n個人情報の保護に関する法律 26条1項。数値は調査結果のケースから転記した。時刻は %s。", "\nAct on the Protection of Personal Information, article 26. Figures are those of the case; times are in %s.", o.Zone)
	say("不正の目的をもって行われたおそれがある行為による場合は、本人の数が1人でも報告の対象となる。", "An act that may have been malicious is to be reported from one person on.")
	if o.Known != 0 {
		say("発覚日 %s。速報の期限の目安 %s（5日）、確報の期限 %s（60日）。いずれも発覚日を1日目と数える。", "Known since %s. First report by %s (5 days), final report by %s (60 days, malicious act), that day counted.", o.Known, o.Known+firstReportDays-1, o.Known+finalReportDays-1)
	} else {
		missing("発覚日（速報は概ね3〜5日以内、確報は60日以内）", "day on which it became known (first report within 3 to 5 days, final report within 60)")
	}
	say("\n## 1. 概要", "\n## 1. Outline")
	say("- 第三者による不正ログイン: %s アカウント（確定 %s、可能性が高い %s）。ほかに要確認 %s。", "- Accounts entered by somebody else: %s (confirmed %s, probable %s). For a person to look at: %s more.",
		grouped(n.Told()), grouped(n.Entered.Confirmed), grouped(n.Entered.Probable), grouped(n.Open()))
	if n.Decided > 0 {
		say("- うち %s アカウントは、人の判断により確認された。", "- %s of these accounts were confirmed by a person.", grouped(n.Decided))
	}
	say("- 最初の不正ログイン: %s。最後の不正取引: %s。", "- First entry: %s. Last fraudulent charge: %s.", o.at(s.FirstTakeover), o.at(s.LastFraud))
	if s.Ongoing {
		say("- ログの末尾でも継続している。", "- It was going on at the end of the logs.")
	} else {
		say("- ログの末尾の6時間には見られない。", "- Not seen in the last six hours of the logs.")
	}
	say("\n## 2. 個人データの項目", "\n## 2. Items of personal data")
	say("- アカウントへのログイン（成立した）。認証情報が使われたかどうかは手口による（4.）。", "- Access to the accounts. Whether credentials were used depends on the way in (4).")
	missing("閲覧された項目（氏名、電話番号、利用履歴など）。閲覧の記録は入力に含まれない", "what was looked at in the accounts (names, phone numbers, history): no log of views was read")
	say("\n## 3. 本人の数", "\n## 3. Number of persons")
	say("- %s 人（1アカウントを1人とした場合）。うち金銭の被害あり %s、被害なし %s。", "- %s, counting an account as a person; with loss %s, without %s.",
		grouped(n.Told()), grouped(n.WithLoss()), grouped(n.Told()-n.WithLoss()-n.Maybe))
	if n.Maybe > 0 {
		say("- 被害の可能性があるにとどまる %s 人は、被害あり・被害なしのいずれにも含まない。", "- Of %s a loss is only possible: they count neither as with loss nor as without.", grouped(n.Maybe))
	}
	say("- 要確認の %s アカウントは含まない。", "- The %s accounts that a person must look at are not counted.", grouped(n.Open()))
	say("\n## 4. 原因", "\n## 4. Cause")
	if len(s.Vectors) == 0 {
		missing("侵入の手口", "the way in")
	}
	for _, v := range s.Vectors {
		say("- 手口 %s: %s アカウント、うち被害 %s。", "- Way in %s: %s accounts, %s with loss.", console.Clean(v.Vector), grouped(v.Takeovers), grouped(v.Victims))
	}
	missing("認証情報の入手元", "where the credentials came from")
	for _, u := range s.Unanswered {
		say("- 算出できない: %s（%s）", "- Not computable: %s (%s)", console.Clean(u.Question), console.Clean(u.Because))
	}
	say("\n## 5. 二次被害又はそのおそれ", "\n## 5. Secondary damage")
	if len(n.Money) == 0 {
		say("- 金銭の被害は見つかっていない。", "- No loss was found.")
	}
	for i := range n.Money {
		m := &n.Money[i]
		say("- 不正取引 %s 件、%s 人。不正チャージ %s、不正利用 %s、補償すべき額 %s。", "- %s fraudulent charges of %s victims; top-ups %s, spending %s, owed %s.",
			grouped(m.Charges), grouped(m.Victims), money.Format(m.TopUp, m.Currency), money.Format(m.Spend, m.Currency), money.Format(m.Loss, m.Currency))
	}
	missing("他のサービスでの被害", "damage at other services")
	for _, item := range [][2][2]string{
		{{"6. 本人への対応の実施状況", "6. What was done for the persons"}, {"通知の日と方法（対象は customers.csv）", "when and how they were told (customers.csv lists whom)"}},
		{{"7. 公表の実施状況", "7. Publication"}, {"公表の日と方法", "when and how"}},
		{{"8. 再発防止のための措置", "8. Prevention"}, {"実施した措置と予定（効果の試算は whatif）", "what was done and is planned ('paytriage whatif' estimates the effect)"}},
		{{"9. その他参考となる事項", "9. Other"}, {"警察への相談、委託先、他の当局への報告", "police, processors, other authorities"}},
	} {
		say("\n## "+item[0][0], "\n## "+item[0][1])
		missing(item[1][0], item[1][1])
	}
	return b.String()
}

func grouped(n int64) string { return money.Format(n, 0) }

// A PublicCell is a number that may be published.
type PublicCell struct {
	What     string
	Currency string // of an amount
	Value    int64
	Hidden   bool
}

// PublicCells returns the numbers that may be published: none that counts, or
// adds up, fewer than least accounts, and none from which a hidden one follows.
// A count of 0 is shown. Where a part is hidden its whole is, too.
func PublicCells(n *Notices, least int64) []PublicCell {
	small := func(v int64) bool { return v > 0 && v < least }
	entered, robbed := n.Told(), n.WithLoss()
	spared := entered - robbed
	byCurrency := len(n.Money) > 1 && slices.ContainsFunc(n.Money, func(m NoticeMoney) bool { return small(m.Victims) })
	parts := small(robbed) || small(spared) || byCurrency
	cells := []PublicCell{
		{What: "accounts_entered", Value: entered, Hidden: small(entered) || parts},
		{What: "accounts_with_loss", Value: robbed, Hidden: small(robbed) || byCurrency},
		{What: "accounts_without_loss", Value: spared, Hidden: small(spared)},
	}
	for i := range n.Money {
		m := &n.Money[i]
		hidden := small(m.Victims)
		for _, c := range []PublicCell{{What: "victims", Value: m.Victims}, {What: "topup_amount", Value: m.TopUp}, {What: "spend_amount", Value: m.Spend}, {What: "net_loss", Value: m.Loss}} {
			c.Currency, c.Hidden = m.Currency.String(), hidden
			cells = append(cells, c)
		}
	}
	for i := range cells {
		if cells[i].Hidden {
			cells[i].Value = 0
		}
	}
	return cells
}

var publicSchema = table.Schema{
	Name: "public", Doc: "a number that may be published",
	Columns: []table.Column{
		col("what", table.Code, "what it counts or adds up; confirmed and probable only"),
		maybe("currency", table.Code, docCurrency),
		maybe("value", table.Int, "a count, or minor units; empty where fewer accounts than the threshold stand behind it"),
	},
}

// PublicTable returns what may be published.
func PublicTable(cells []PublicCell) (*table.Table, error) {
	t := table.New(publicSchema, len(cells))
	row := t.Appender()
	for _, c := range cells {
		row.Code(c.What)
		row.CodeOrNull(c.Currency)
		if c.Hidden {
			row.Null()
		} else {
			row.Int(c.Value)
		}
		row.End()
	}
	return t, t.Validate()
}

// PublicText returns what may be published as Markdown.
func PublicText(n *Notices, o NoticeOptions) string {
	var b strings.Builder
	b.WriteString(pick(o.Japanese, "# 不正ログインについて（公表用の数値）\n\n", "# Figures for publication\n\n"))
	words := map[string][2]string{
		"accounts_entered":      {"不正ログインされたアカウント", "accounts entered by somebody else"},
		"accounts_with_loss":    {"うち金銭の被害あり", "of them with loss"},
		"accounts_without_loss": {"うち金銭の被害なし", "of them without loss"},
		"victims":               {"被害者", "victims"},
		"topup_amount":          {"不正チャージ", "fraudulent top-ups"},
		"spend_amount":          {"不正利用", "fraudulent spending"},
		"net_loss":              {"補償すべき額", "owed"},
	}
	for _, c := range PublicCells(n, o.Least) {
		value := grouped(c.Value)
		code, _ := money.ParseCurrency([]byte(c.Currency))
		if strings.HasSuffix(c.What, "_amount") || c.What == "net_loss" {
			value = money.Format(c.Value, code)
		}
		if c.Hidden {
			value = fmt.Sprintf(pick(o.Japanese, "非表示（%d未満を含むため）", "not shown (fewer than %d accounts, or one follows from it)"), o.Least)
		}
		w := words[c.What]
		fmt.Fprintf(&b, "- %s", pick(o.Japanese, w[0], w[1]))
		if c.What == "victims" {
			fmt.Fprintf(&b, " (%s)", c.Currency)
		}
		fmt.Fprintf(&b, ": %s\n", value)
	}
	return b.String()
}
