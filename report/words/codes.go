package words

import "strings"

// A Set is a set of codes that tables hold.
type Set uint8

// The sets.
const (
	Tier Set = iota
	Vector
	Component
	Channel
	Kind      // of charges
	Status    // of charges and of ledger lines
	Role      // in the attack
	PlaceKind // of sources of the attack
	Payer
	Validation
	numSets
)

// Word says a code of a set for a person. A code without a word is shown as it
// is, but for the underscores.
func (p *Printer) Word(set Set, code string) string {
	if set < numSets {
		if w, ok := codes[set][code]; ok {
			if p.lang == Japanese {
				return w.ja
			}
			return w.en
		}
	}
	return strings.ReplaceAll(code, "_", " ")
}

// HasWord reports whether a code has a word.
func HasWord(set Set, code string) bool {
	_, ok := codes[set][code]
	return ok
}

// A word is what a code is called. Short, as it stands in columns.
type word struct{ en, ja string }

var codes = [numSets]map[string]word{
	Tier: {
		"confirmed": {"confirmed", "確定"},
		"probable":  {"probable", "可能性が高い"},
		"possible":  {"possible", "要確認"},
	},
	Vector: {
		"undetermined":          {"undetermined", "特定できず"},
		"list_type":             {"list-type", "リスト型攻撃"},
		"list_type_distributed": {"list-type, distributed", "リスト型攻撃（分散型）"},
		"brute_force":           {"brute force", "総当たり攻撃"},
		"spraying":              {"password spraying", "パスワードスプレー攻撃"},
		"reverse_brute_force":   {"reverse brute force", "逆総当たり攻撃（リバースブルートフォース）"},
		"leak_or_insider":       {"leak or insider", "情報漏えい・内部不正"},
		"password_reset":        {"password-reset abuse", "パスワードリセットの悪用"},
		"external_login":        {"external-login flaw", "外部ID連携の悪用"},
		"session_theft":         {"session theft", "セッションの乗っ取り"},
	},
	Component: {
		"instrument_refund": {"refund to the instrument", "決済手段への返金"},
		"balance_restore":   {"balance restored", "残高の復元"},
		"balance_clawback":  {"balance taken back", "不正残高の取消し"},
		"victim_used":       {"used by the owner", "本人使用分"},
		"unmatched_return":  {"unmatched return", "対応する取引のない返金"},
	},
	Channel: {
		"none":    {"none", "経路なし"},
		"card":    {"card", "クレジットカード"},
		"debit":   {"debit card", "デビットカード"},
		"bank":    {"bank account", "銀行口座"},
		"cash":    {"cash", "現金"},
		"points":  {"points", "ポイント"},
		"balance": {"balance", "残高"},
	},
	Kind: {
		"topup":        {"top-up", "チャージ"},
		"payment":      {"payment", "支払い"},
		"refund":       {"refund", "返金"},
		"reversal":     {"reversal", "取消し"},
		"chargeback":   {"chargeback", "チャージバック"},
		"transfer_out": {"transfer out", "送金"},
		"transfer_in":  {"transfer in", "受取"},
		"payout":       {"payout", "出金"},
	},
	Status: {
		"approved":       {"approved", "承認済み"},
		"declined":       {"declined", "拒否"},
		"pending":        {"pending", "処理中"},
		"reversed":       {"reversed", "取消済み"},
		"open":           {"open", "未払い"},
		"closed":         {"closed", "対応済み"},
		"held":           {"held", "保留"},
		"needs_decision": {"needs a decision", "要判断"},
		"exception":      {"exception", "例外"},
	},
	Role: {
		"tester":   {"tester", "試行役"},
		"executor": {"executor", "実行役"},
	},
	PlaceKind: {
		"ip":         {"address", "IPアドレス"},
		"network":    {"network", "ネットワーク"},
		"asn":        {"operator (ASN)", "事業者（ASN）"},
		"user_agent": {"user agent", "ユーザーエージェント"},
		"device":     {"device", "端末"},
		"service":    {"service", "サービス全体"},
	},
	Payer: {
		"operator": {"operator", "事業者"},
		"issuer":   {"issuer", "カード会社"},
		"bank":     {"bank", "銀行"},
	},
	Validation: {
		"none":     {"none", "なし"},
		"customer": {"customer", "お客様"},
		"issuer":   {"issuer", "カード会社"},
		"operator": {"operator", "自社"},
	},
}
