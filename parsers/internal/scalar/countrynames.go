package scalar

// countryTable has a line for each country: the codes of ISO 3166, of two
// letters, three letters and three digits, and the names that logs give it in
// English and Japanese. XK, which ISO leaves to its users, is Kosovo. Names
// that several countries have (Korea, Virgin Islands) are not in it; Congo alone
// is the country that ISO calls so.
const countryTable = `
AD AND 020 Andorra; アンドラ
AE ARE 784 United Arab Emirates; UAE; アラブ首長国連邦
AF AFG 004 Afghanistan; アフガニスタン
AG ATG 028 Antigua & Barbuda; アンティグア・バーブーダ
AI AIA 660 Anguilla; アンギラ; アングイラ
AL ALB 008 Albania; アルバニア
AM ARM 051 Armenia; アルメニア
AO AGO 024 Angola; アンゴラ
AQ ATA 010 Antarctica; 南極; 南極大陸
AR ARG 032 Argentina; アルゼンチン
AS ASM 016 American Samoa; 米領サモア
AT AUT 040 Austria; オーストリア
AU AUS 036 Australia; オーストラリア; オーストラリア連邦; 豪州
AW ABW 533 Aruba; アルバ; アルーバ
AX ALA 248 Åland Islands; Aland; オーランド諸島
AZ AZE 031 Azerbaijan; アゼルバイジャン
BA BIH 070 Bosnia & Herzegovina; ボスニア・ヘルツェゴビナ
BB BRB 052 Barbados; バルバドス
BD BGD 050 Bangladesh; バングラデシュ
BE BEL 056 Belgium; ベルギー
BF BFA 854 Burkina Faso; ブルキナファソ
BG BGR 100 Bulgaria; ブルガリア
BH BHR 048 Bahrain; バーレーン
BI BDI 108 Burundi; ブルンジ
BJ BEN 204 Benin; ベナン
BL BLM 652 St. Barthélemy; サン・バルテルミー; サンバルテルミ
BM BMU 060 Bermuda; バミューダ; バーミューダ
BN BRN 096 Brunei; Brunei Darussalam; ブルネイ; ブルネイ・ダルサラーム国
BO BOL 068 Bolivia; Bolivia, Plurinational State of; Plurinational State of Bolivia; ボリビア; ボリビア多民族国
BQ BES 535 Caribbean Netherlands; Bonaire, Sint Eustatius and Saba; Bonaire; Bonaire, Saint Eustatius and Saba; オランダ領カリブ; ボネール、シントユースタティウス及びサバ
BR BRA 076 Brazil; ブラジル
BS BHS 044 Bahamas; バハマ
BT BTN 064 Bhutan; ブータン
BV BVT 074 Bouvet Island; ブーベ島
BW BWA 072 Botswana; ボツワナ
BY BLR 112 Belarus; ベラルーシ
BZ BLZ 084 Belize; ベリーズ
CA CAN 124 Canada; カナダ
CC CCK 166 Cocos (Keeling) Islands; ココス(キーリング)諸島
CD COD 180 Congo, The Democratic Republic of the; DR Congo; Congo (Kinshasa); Democratic Republic of Congo; Congo (DRC); DRC; コンゴ民主共和国(キンシャサ); コンゴ民主共和国
CF CAF 140 Central African Republic; 中央アフリカ共和国
CG COG 178 Congo; Republic of the Congo; Congo Republic; Congo (Brazzaville); Congo, Republic of the; コンゴ共和国(ブラザビル); コンゴ; コンゴ共和国
CH CHE 756 Switzerland; スイス
CI CIV 384 Côte d'Ivoire; Ivory Coast; コートジボワール; 象牙海岸
CK COK 184 Cook Islands; クック諸島
CL CHL 152 Chile; チリ
CM CMR 120 Cameroon; カメルーン
CN CHN 156 China; 中国; 中華人民共和国
CO COL 170 Colombia; コロンビア
CR CRI 188 Costa Rica; コスタリカ
CU CUB 192 Cuba; キューバ
CV CPV 132 Cape Verde; Cabo Verde; カーボベルデ; カーボヴェルデ
CW CUW 531 Curaçao; キュラソー
CX CXR 162 Christmas Island; クリスマス島
CY CYP 196 Cyprus; キプロス
CZ CZE 203 Czechia; Czech Republic; チェコ; チェコ共和国
DE DEU 276 Germany; ドイツ; ドイツ連邦共和国
DJ DJI 262 Djibouti; ジブチ
DK DNK 208 Denmark; デンマーク
DM DMA 212 Dominica; ドミニカ国
DO DOM 214 Dominican Republic; ドミニカ共和国
DZ DZA 012 Algeria; アルジェリア
EC ECU 218 Ecuador; エクアドル
EE EST 233 Estonia; エストニア
EG EGY 818 Egypt; エジプト
EH ESH 732 Western Sahara; 西サハラ
ER ERI 232 Eritrea; エリトリア; エリトリア国
ES ESP 724 Spain; スペイン
ET ETH 231 Ethiopia; エチオピア
FI FIN 246 Finland; フィンランド
FJ FJI 242 Fiji; フィジー
FK FLK 238 Falkland Islands; Falkland Islands (Malvinas); フォークランド諸島; フォークランド諸島 (マルビナス)
FM FSM 583 Micronesia; Micronesia, Federated States of; ミクロネシア連邦
FO FRO 234 Faroe Islands; Faeroe Islands; フェロー諸島
FR FRA 250 France; フランス; フランス共和国
GA GAB 266 Gabon; ガボン
GB GBR 826 United Kingdom; UK; Great Britain; United Kingdom of Great Britain and Northern Ireland; イギリス; 英国
GD GRD 308 Grenada; グレナダ
GE GEO 268 Georgia; ジョージア; グルジア
GF GUF 254 French Guiana; 仏領ギアナ
GG GGY 831 Guernsey; ガーンジー
GH GHA 288 Ghana; ガーナ
GI GIB 292 Gibraltar; ジブラルタル
GL GRL 304 Greenland; グリーンランド
GM GMB 270 Gambia; ガンビア
GN GIN 324 Guinea; ギニア
GP GLP 312 Guadeloupe; グアドループ
GQ GNQ 226 Equatorial Guinea; 赤道ギニア
GR GRC 300 Greece; ギリシャ
GS SGS 239 South Georgia & South Sandwich Islands; サウスジョージア・サウスサンドウィッチ諸島; サウスジョージア及びサウスサンドウィッチ諸島
GT GTM 320 Guatemala; グアテマラ
GU GUM 316 Guam; グアム
GW GNB 624 Guinea-Bissau; ギニアビサウ
GY GUY 328 Guyana; ガイアナ
HK HKG 344 Hong Kong SAR China; Hong Kong; Hong Kong SAR; 中華人民共和国香港特別行政区; 香港
HM HMD 334 Heard & McDonald Islands; Heard Island and McDonald Islands; ハード島・マクドナルド諸島; ハード島及びマクドナルド諸島
HN HND 340 Honduras; ホンジュラス
HR HRV 191 Croatia; クロアチア
HT HTI 332 Haiti; ハイチ
HU HUN 348 Hungary; ハンガリー
ID IDN 360 Indonesia; インドネシア
IE IRL 372 Ireland; アイルランド
IL ISR 376 Israel; イスラエル
IM IMN 833 Isle of Man; マン島
IN IND 356 India; インド
IO IOT 086 British Indian Ocean Territory; 英領インド洋地域; 英国インド洋領土
IQ IRQ 368 Iraq; イラク
IR IRN 364 Iran; Iran, Islamic Republic of; Islamic Republic of Iran; イラン; イラン・イスラム共和国
IS ISL 352 Iceland; アイスランド
IT ITA 380 Italy; イタリア; イタリア共和国
JE JEY 832 Jersey; ジャージー
JM JAM 388 Jamaica; ジャマイカ
JO JOR 400 Jordan; Hashemite Kingdom of Jordan; ヨルダン
JP JPN 392 Japan; 日本; 日本国
KE KEN 404 Kenya; ケニア
KG KGZ 417 Kyrgyzstan; Kyrgyz Republic; キルギス; キルギスタン
KH KHM 116 Cambodia; カンボジア
KI KIR 296 Kiribati; キリバス
KM COM 174 Comoros; コモロ
KN KNA 659 St. Kitts & Nevis; セントクリストファー・ネーヴィス; セントキッツ・ネイビス
KP PRK 408 North Korea; Korea, Democratic People's Republic of; Democratic People's Republic of Korea; Korea, North; DPRK; 北朝鮮; 朝鮮民主主義人民共和国
KR KOR 410 South Korea; Korea, Republic of; Republic of Korea; Korea, South; 韓国; 大韓民国 (韓国); 大韓民国
KW KWT 414 Kuwait; クウェート
KY CYM 136 Cayman Islands; ケイマン諸島
KZ KAZ 398 Kazakhstan; カザフスタン
LA LAO 418 Laos; Lao People's Democratic Republic; Lao PDR; ラオス; ラオス人民民主共和国
LB LBN 422 Lebanon; レバノン
LC LCA 662 St. Lucia; セントルシア
LI LIE 438 Liechtenstein; リヒテンシュタイン
LK LKA 144 Sri Lanka; スリランカ
LR LBR 430 Liberia; リベリア
LS LSO 426 Lesotho; レソト
LT LTU 440 Lithuania; Republic of Lithuania; リトアニア
LU LUX 442 Luxembourg; ルクセンブルク
LV LVA 428 Latvia; ラトビア
LY LBY 434 Libya; Libyan Arab Jamahiriya; リビア
MA MAR 504 Morocco; モロッコ
MC MCO 492 Monaco; モナコ
MD MDA 498 Moldova; Moldova, Republic of; Republic of Moldova; モルドバ; モルドバ共和国
ME MNE 499 Montenegro; モンテネグロ
MF MAF 663 St. Martin; Saint Martin (French part); サン・マルタン; サンマルタン (仏領)
MG MDG 450 Madagascar; マダガスカル
MH MHL 584 Marshall Islands; マーシャル諸島
MK MKD 807 Macedonia; North Macedonia; Republic of North Macedonia; Republic of Macedonia; FYROM; Macedonia, the former Yugoslav Republic of; マケドニア; 北マケドニア; 北マケドニア共和国
ML MLI 466 Mali; マリ
MM MMR 104 Myanmar (Burma); Myanmar; Burma; ミャンマー (ビルマ); ミャンマー
MN MNG 496 Mongolia; モンゴル; モンゴル国
MO MAC 446 Macau SAR China; Macao; Macau; Macao SAR China; Macao SAR; Macau SAR; 中華人民共和国マカオ特別行政区; マカオ; 澳門
MP MNP 580 Northern Mariana Islands; 北マリアナ諸島
MQ MTQ 474 Martinique; マルティニーク
MR MRT 478 Mauritania; モーリタニア
MS MSR 500 Montserrat; モントセラト
MT MLT 470 Malta; マルタ
MU MUS 480 Mauritius; モーリシャス
MV MDV 462 Maldives; モルディブ
MW MWI 454 Malawi; マラウイ
MX MEX 484 Mexico; メキシコ
MY MYS 458 Malaysia; マレーシア
MZ MOZ 508 Mozambique; モザンビーク
NA NAM 516 Namibia; ナミビア
NC NCL 540 New Caledonia; ニューカレドニア
NE NER 562 Niger; ニジェール
NF NFK 574 Norfolk Island; ノーフォーク島
NG NGA 566 Nigeria; ナイジェリア
NI NIC 558 Nicaragua; ニカラグア
NL NLD 528 Netherlands; オランダ
NO NOR 578 Norway; ノルウェー
NP NPL 524 Nepal; ネパール
NR NRU 520 Nauru; ナウル
NU NIU 570 Niue; ニウエ
NZ NZL 554 New Zealand; ニュージーランド
OM OMN 512 Oman; オマーン
PA PAN 591 Panama; パナマ
PE PER 604 Peru; ペルー
PF PYF 258 French Polynesia; 仏領ポリネシア
PG PNG 598 Papua New Guinea; パプアニューギニア
PH PHL 608 Philippines; フィリピン
PK PAK 586 Pakistan; パキスタン
PL POL 616 Poland; ポーランド
PM SPM 666 St. Pierre & Miquelon; サンピエール島・ミクロン島; サンピエール及びミクロン
PN PCN 612 Pitcairn Islands; Pitcairn; ピトケアン諸島; ピトケアン
PR PRI 630 Puerto Rico; プエルトリコ
PS PSE 275 Palestinian Territories; Palestine, State of; Palestine; Palestinian Territory; Palestinian Territory, Occupied; State of Palestine; パレスチナ自治区; パレスチナ
PT PRT 620 Portugal; ポルトガル
PW PLW 585 Palau; パラオ
PY PRY 600 Paraguay; パラグアイ
QA QAT 634 Qatar; カタール
RE REU 638 Réunion; レユニオン
RO ROU 642 Romania; ルーマニア
RS SRB 688 Serbia; セルビア
RU RUS 643 Russia; Russian Federation; ロシア; ロシア連邦
RW RWA 646 Rwanda; ルワンダ
SA SAU 682 Saudi Arabia; サウジアラビア
SB SLB 090 Solomon Islands; ソロモン諸島
SC SYC 690 Seychelles; セーシェル
SD SDN 729 Sudan; スーダン
SE SWE 752 Sweden; スウェーデン
SG SGP 702 Singapore; シンガポール
SH SHN 654 St. Helena; Saint Helena, Ascension and Tristan da Cunha; セントヘレナ; セントヘレナ、アセンション及びトリスタン・ダ・クーニャ
SI SVN 705 Slovenia; スロベニア
SJ SJM 744 Svalbard & Jan Mayen; スバールバル諸島・ヤンマイエン島; スヴァールバル及びヤンマイエン
SK SVK 703 Slovakia; Slovak Republic; スロバキア
SL SLE 694 Sierra Leone; シエラレオネ
SM SMR 674 San Marino; サンマリノ
SN SEN 686 Senegal; セネガル
SO SOM 706 Somalia; ソマリア
SR SUR 740 Suriname; スリナム
SS SSD 728 South Sudan; 南スーダン
ST STP 678 São Tomé & Príncipe; サントメ・プリンシペ
SV SLV 222 El Salvador; エルサルバドル
SX SXM 534 Sint Maarten; Sint Maarten (Dutch part); Saint Martin (Dutch part); シント・マールテン; サンマルタン (オランダ領)
SY SYR 760 Syria; Syrian Arab Republic; シリア; シリア・アラブ共和国
SZ SWZ 748 Swaziland; Eswatini; スワジランド; エスワティニ
TC TCA 796 Turks & Caicos Islands; タークス・カイコス諸島; タークス及びカイコス諸島
TD TCD 148 Chad; チャド
TF ATF 260 French Southern Territories; 仏領極南諸島; フランス南方領土
TG TGO 768 Togo; トーゴ
TH THA 764 Thailand; タイ; タイ王国
TJ TJK 762 Tajikistan; タジキスタン
TK TKL 772 Tokelau; トケラウ
TL TLS 626 Timor-Leste; East Timor; 東ティモール
TM TKM 795 Turkmenistan; トルクメニスタン
TN TUN 788 Tunisia; チュニジア
TO TON 776 Tonga; トンガ
TR TUR 792 Turkey; Türkiye; トルコ
TT TTO 780 Trinidad & Tobago; トリニダード・トバゴ
TV TUV 798 Tuvalu; ツバル
TW TWN 158 Taiwan; Taiwan, Province of China; Republic of China; 台湾; 中華民国
TZ TZA 834 Tanzania; Tanzania, United Republic of; United Republic of Tanzania; タンザニア
UA UKR 804 Ukraine; ウクライナ
UG UGA 800 Uganda; ウガンダ
UM UMI 581 U.S. Outlying Islands; United States Minor Outlying Islands; U.S. Minor Outlying Islands; 合衆国領有小離島; アメリカ合衆国外諸島
US USA 840 United States; United States of America; America, United States of; アメリカ合衆国; 米国; アメリカ
UY URY 858 Uruguay; ウルグアイ
UZ UZB 860 Uzbekistan; ウズベキスタン
VA VAT 336 Vatican City; Holy See (Vatican City State); Vatican; Holy See; Vatican City State; バチカン市国; 聖庁 (バチカン市国); バチカン
VC VCT 670 St. Vincent & Grenadines; セントビンセント及びグレナディーン諸島; セントビンセント・グレナディーン
VE VEN 862 Venezuela; Venezuela, Bolivarian Republic of; Bolivarian Republic of Venezuela; ベネズエラ; ベネズエラ・ボリバル共和国; ヴェネズエラ
VG VGB 092 British Virgin Islands; Virgin Islands, British; 英領ヴァージン諸島
VI VIR 850 U.S. Virgin Islands; Virgin Islands, U.S.; United States Virgin Islands; 米領ヴァージン諸島
VN VNM 704 Vietnam; Viet Nam; ベトナム; ヴェトナム
VU VUT 548 Vanuatu; バヌアツ
WF WLF 876 Wallis & Futuna; ウォリス・フツナ; ワリー及びフテュナ
WS WSM 882 Samoa; サモア
XK XKK 983 Kosovo; Republic of Kosovo; コソボ
YE YEM 887 Yemen; イエメン
YT MYT 175 Mayotte; マヨット
ZA ZAF 710 South Africa; 南アフリカ
ZM ZMB 894 Zambia; ザンビア
ZW ZWE 716 Zimbabwe; ジンバブエ
`
