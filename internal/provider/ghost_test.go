package provider_test

import "time"

var _ = add("ghost", []vector{
	{
		by:     byWords,
		secret: "ghost-secret",
		at:     newYear,
		headers: []string{
			"X-Ghost-Signature", "sha256=a8d47c8ed24a68424314678d9774ddd72bc8848ab234c25c4917e9a008b65145, t=1767225600000",
			"Content-Version", "v6.0",
		},
		body: `{"event":"post.published","post":{"current":{"id":"65a1b2c3d4e5f60718293a4b","slug":"coming-soon","status":"published"},"previous":{"status":"draft"}}}`,
		kind: "post.published", subject: "65a1b2c3d4e5f60718293a4b",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     byWords,
		secret: "ghost-secret",
		at:     newYear,
		headers: []string{
			"X-Ghost-Signature", "sha256=34e18fc08a43fc66df5816b36f2347fc93e121d4955c167da05e37765f506b8c, t=1767225600000",
			"Content-Version", "v6.0",
		},
		body: `{"event":"page.edited","page":{"current":{"id":"65a1b2c3d4e5f60718293a4c","slug":"about"},"previous":{}}}`,
		kind: "page.edited", subject: "65a1b2c3d4e5f60718293a4c",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     byWords,
		secret: "ghost-secret",
		at:     newYear,
		headers: []string{
			"X-Ghost-Signature", "sha256=432cc9c19449c5d385c43e352773d4a69a28546c95c55ad9c639de46733c4d44, t=1767225600000",
			"Content-Version", "v6.0",
		},
		body: `{"event":"member.added","member":{"current":{"id":"65a1b2c3d4e5f60718293a4d","status":"free"},"previous":{}}}`,
		kind: "member.added", subject: "65a1b2c3d4e5f60718293a4d",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     byWords,
		secret: "ghost-secret",
		at:     newYear,
		headers: []string{
			"X-Ghost-Signature", "sha256=1426543ad22dbc59eb3518bf8e1b202126365c63d2ec6747f2d27ecbf2e58453, t=1767225600000",
			"Content-Version", "v6.0",
		},
		body: `{"event":"tag.edited","tag":{"current":{"id":"65a1b2c3d4e5f60718293a4e","slug":"news"},"previous":{}}}`,
		kind: "tag.edited", subject: "65a1b2c3d4e5f60718293a4e",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
