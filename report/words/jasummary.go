package words

// jaSummary are the texts of the summary on the terminal.
var jaSummary = map[string]string{
	"net loss": "純被害額",
}
