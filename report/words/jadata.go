package words

// jaData are texts that a case brings along: what ways in and figures mean, which
// questions have no answer, and why.
var jaData = map[string]string{
	// what ways in mean
	"the log does not decide": "ログからは決められない",
	"ids and passwords of a list tried from few addresses (credential stuffing)":                                                         "他所から漏れたID・パスワードの一覧が少数のIPアドレスから試された（リスト型アカウントハッキング）",
	"ids and passwords of a list tried (credential stuffing); from how many addresses, the log does not say":                             "他所から漏れたID・パスワードの一覧が試された（リスト型アカウントハッキング）。IPアドレスの数はログからは分からない",
	"the same through many addresses, about one try each":                                                                                "同じことが多数のIPアドレスから、1アドレス1回程度で行われた",
	"many passwords tried on single accounts":                                                                                            "1つのアカウントに多数のパスワードが試された",
	"a few passwords tried on many existing accounts":                                                                                    "少数のパスワードが、実在する多数のアカウントに試された",
	"one password or PIN tried on account after account":                                                                                 "1つのパスワードや暗証番号が、アカウントを変えながら試された",
	"valid credentials, without any failure before: a leak or an insider":                                                                "事前の失敗なしに正しい認証情報が使われた（情報漏えいまたは内部不正）",
	"the password was reset by the attacker before entry":                                                                                "侵入前に攻撃者がパスワードを再設定した",
	"entry through an external identity that the account never used":                                                                     "そのアカウントで使われたことのない外部IDから侵入した",
	"sessions that the owner's device began were used by another":                                                                        "本人の端末で始まったセッションが別の端末で使われた",
	"without an auth log nothing is known of how anybody got in":                                                                         "認証ログがないため、侵入経路は分からない",
	"the log does not say which ids do not exist: a list from elsewhere, and one password tried on account after account, look the same": "存在しないIDかどうかがログに残っていないため、リスト型攻撃と、1つのパスワードを次々に試す手口とを区別できない",
	"no failed tries near these entries that an attack would explain, no reset, no new external login, no session of another's; and too few of them for a leak to be named": "侵入の前後に攻撃とみられる失敗、再設定、新しい外部ID、他人のセッションがいずれもなく、件数も情報漏えいと言うには少ない",

	// figures
	"ids that do not exist":                  "存在しないIDへの試行",
	"accounts tried once or twice":           "試行が1、2回のアカウント",
	"in at the first or second try":          "1、2回目で成功",
	"failed tries an account":                "アカウントあたりの失敗回数",
	"tries from servers":                     "サーバーとみられる試行",
	"tries from addresses where most fail":   "大半が失敗するIPアドレスからの試行",
	"tries on existing accounts that got in": "実在アカウントへの試行の成功率",
	"no way in shows":                        "経路の見えない侵入",
	"tries by external logins":               "外部IDによる試行",
	"new external logins":                    "新しい外部IDによる侵入",
	"failed resets":                          "失敗した再設定",
	"resets at entry":                        "侵入時の再設定",
	"borrowed sessions":                      "他人のセッションの使用",
	"guessed at before":                      "事前の推測の試行",

	// whose money counts as spent first
	"fraud-first": "不正チャージ分から",
	"own-first":   "本人のお金から",
	"pro-rata":    "按分",
	"session":     "セッション",
	"device":      "端末",

	// questions
	"who got into which account, and how":              "誰がどのアカウントにどう侵入したか",
	"whether a charge was made after a takeover":       "取引が侵入の後のものか",
	"who lost how much":                                "誰がいくら失ったか",
	"who tried credentials, and from where":            "誰がどこから認証情報を試したか",
	"whether owners changed passwords after it":        "本人がその後パスワードを変えたか",
	"which charges are the thieves', and what is owed": "どの取引が不正利用で、いくら返すべきか",
	"by whom the money was spent":                      "誰がお金を使ったか",
	"which of the entered accounts were robbed":        "侵入されたアカウントのうちどれに被害があったか",
	"how long was between the entry and the theft":     "侵入から不正利用までの時間",
	"which device entered an account":                  "どの端末がアカウントに入ったか",
	"whether ids were tried that do not exist":         "存在しないIDが試されたか",
	"at which tills stolen money was spent":            "不正利用がどのレジで行われたか",
	"columns operator_id and terminal_id are absent from the payments log, or empty where money was stolen": "決済ログに列「operator_id」と「terminal_id」がないか、不正利用の行で空である",
	"no stolen payment was in a shop":                                     "店舗での不正利用がない",
	"no stolen payment names one beside payments of others near its time": "同じ時間帯のほかの客の支払いと比べられる不正利用がない",
	"whether sessions were taken over":                                    "セッションが乗っ取られたか",
	"from where accounts were entered":                                    "どこからアカウントに入ったか",
	"through which operators accounts were entered":                       "どの通信事業者を経由して入ったか",
	"from which countries accounts were entered":                          "どの国から入ったか",
	"with which programs accounts were entered":                           "どのプログラムで入ったか",
	"which device made a charge":                                          "どの端末で取引したか",
	"in which session a charge was made":                                  "どのセッションで取引したか",
	"in which shops the money was spent":                                  "どの店舗で使われたか",
	"through which channel a charge is to be refunded":                    "どの経路で返金すべきか",

	// why they have no answer
	"no auth log was given":    "認証ログが渡されていない",
	"no payment log was given": "決済ログが渡されていない",
	"no auth log was given: what is named rests on amounts, pace, shops and devices in the payment log alone; where devices tell nothing, the rule of 7pay's first list is all there is (amount_and_pace), of which at most half was right": "認証ログが渡されていない。結果は決済ログの金額、頻度、店舗、端末だけによる。端末から何も分からない場合は7payの最初の一覧の基準（amount_and_pace）しかなく、その正しさは多くて半分だった",
	"no failed login of the auth log says so: its reasons seem to be merged":         "認証ログの失敗理由が一つにまとめられているとみられる",
	"the policy names no amounts for it: add them to amount_and_pace, with a reason": "ポリシーに金額の定めがない。amount_and_pace に理由とともに追加すること",

	// why rows are left out
	"excluded":      "除外指定",
	"before --from": "--from より前",
	"after --to":    "--to より後",

	// logs
	"auth":     "認証",
	"payments": "決済",
	"history":  "履歴",
}
