package jsonscan

import (
	"bytes"
	"strconv"
)

// Get returns the value that path leads to in data, which must have passed
// Check: an element of path is an object's key, compared after unescaping, or
// an array's index. Of repeated keys the last one counts. The result is nil
// where there is no such value, and a part of data otherwise.
func Get(data []byte, path ...string) []byte {
	value := data[skipSpace(data, 0):]
	for _, name := range path {
		value = child(value, name)
	}
	return value[:skipValue(value, 0)]
}

// child returns what begins with the member or element of that name, if there
// is one.
func child(value []byte, name string) []byte {
	switch at(value, 0) {
	case '{':
		return member(value, name)
	case '[':
		return element(value, name)
	}
	return nil
}

// member returns what begins with the value of the last member called name.
func member(object []byte, name string) []byte {
	var found []byte
	for i := skipSpace(object, 1); object[i] != '}'; {
		end := skipString(object, i)
		key := object[i:end]
		i = skipSpace(object, skipSpace(object, end)+1)
		if isKey(key, name) {
			found = object[i:]
		}
		i = next(object, i)
	}
	return found
}

// Members calls f for each member of an object that has passed Check, in their
// order, with its key, unescaped, and its value. If data is no object, Members
// returns false.
func Members(data []byte, f func(key string, value []byte)) bool {
	object := data[skipSpace(data, 0):]
	if at(object, 0) != '{' {
		return false
	}
	for i := skipSpace(object, 1); object[i] != '}'; i = next(object, i) {
		end := skipString(object, i)
		key, _ := Unquote(object[i:end])
		i = skipSpace(object, skipSpace(object, end)+1)
		f(key, object[i:skipValue(object, i)])
	}
	return true
}

// Len returns the number of elements of an array that has passed Check.
func Len(array []byte) int {
	n := 0
	for i := skipSpace(array, skipSpace(array, 0)+1); array[i] != ']'; i = next(array, i) {
		n++
	}
	return n
}

// element returns what begins with the array's element of that index.
func element(array []byte, index string) []byte {
	n, err := strconv.ParseUint(index, 10, 31)
	if err != nil {
		return nil
	}
	for i := skipSpace(array, 1); array[i] != ']'; i = next(array, i) {
		if n == 0 {
			return array[i:]
		}
		n--
	}
	return nil
}

// Each calls f with each element of an array, in order, until f returns false.
// data must have passed Check; of another value there are no elements.
func Each(data []byte, f func(element []byte) bool) {
	array := Get(data)
	if at(array, 0) != '[' {
		return
	}
	for i := skipSpace(array, 1); array[i] != ']'; i = next(array, i) {
		if !f(array[i:skipValue(array, i)]) {
			return
		}
	}
}

func isKey(raw []byte, name string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1:len(raw)-1]) == name
	}
	key, ok := Unquote(raw)
	return ok && key == name
}

// next goes past the value at i to the next member or element, or to the end
// of the array or object.
func next(data []byte, i int) int {
	i = skipSpace(data, skipValue(data, i))
	if data[i] == ',' {
		i = skipSpace(data, i+1)
	}
	return i
}

// skipValue goes past the value at i of data that has passed Check.
func skipValue(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '"':
			i = skipString(data, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ' ', '\n', '\t', '\r', ',', ':':
			i++
			continue
		default: // a number or a literal
			for i < len(data) && bytes.IndexByte([]byte(" \n\t\r,]}"), data[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

func skipString(data []byte, i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(data[i:], '"')
		escapes := i
		for data[escapes-1] == '\\' {
			escapes--
		}
		if (i-escapes)%2 == 0 {
			return i + 1
		}
	}
}
