package expect

import "strings"

// Nearest returns the one of the words that was likely meant, or nothing.
func Nearest(text string, words []string) string {
	if len(text) > 64 {
		return ""
	}
	text = plain(text)
	best, least := "", 0
	for _, word := range words {
		if distance := distance(text, plain(word)); best == "" || distance < least {
			best, least = word, distance
		}
	}
	if best != "" && least <= max(1, min(len(text), len(best))/3) && least < len(best) {
		return best
	}
	return part(text, words)
}

// part returns the only word that a text is the end of, or the beginning, or that
// begins or ends with it, as in token for verify_token.
func part(text string, words []string) string {
	found := ""
	for _, word := range words {
		long, short := plain(word), text
		if len(long) < len(short) {
			long, short = short, long
		}
		if len(short) < 3 || !strings.HasPrefix(long, short+"_") && !strings.HasSuffix(long, "_"+short) {
			continue
		}
		if found != "" {
			return ""
		}
		found = word
	}
	return found
}

// plain returns a text without what is easily got wrong in it.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToLower(text), "-", "_")
}

// distance returns how many bytes must be put in, left out, changed or swapped
// with the next to make one text of the other.
func distance(a, b string) int {
	var before, last []int // the rows of the table for the first i-2, and i-1, bytes of a
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
