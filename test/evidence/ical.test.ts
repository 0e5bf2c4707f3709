import { describe, expect, test } from "vitest";
import { busyTimes } from "../../evidence/ical";
import { calendar, event, of, READING, refusal, refused, times } from "./ical-support";

describe("an event is a freeze", () => {
  test("of whole days in the freeze's zone, its end excluded", async () => {
    expect(await of("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")).toEqual([
      "2026-12-23T23:00 2026-12-26T23:00",
    ]);
    expect(await of("DTSTART;VALUE=DATE:20261224")).toEqual(["2026-12-23T23:00 2026-12-24T23:00"]);
    expect(await of("DTSTART;VALUE=DATE:20261224", "DURATION:P1W")).toEqual(["2026-12-23T23:00 2026-12-30T23:00"]);
    // 23 hours: the clocks go forward.
    expect(await of("DTSTART;VALUE=DATE:20270328")).toEqual(["2027-03-27T23:00 2027-03-28T22:00"]);
    // Ends on the day that it begins: that day was meant.
    expect(await of("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261224")).toEqual([
      "2026-12-23T23:00 2026-12-24T23:00",
    ]);
  });
  test("from a time in UTC, in a zone, or in the freeze's own where it has none", async () => {
    expect(await of("DTSTART:20261224T090000Z", "DTEND:20261224T100000Z")).toEqual([
      "2026-12-24T09:00 2026-12-24T10:00",
    ]);
    expect(await of("DTSTART;TZID=America/New_York:20261224T090000", "DURATION:PT1H30M")).toEqual([
      "2026-12-24T14:00 2026-12-24T15:30",
    ]);
    expect(await of("DTSTART:20261224T090000", "DURATION:PT1H")).toEqual(["2026-12-24T08:00 2026-12-24T09:00"]);
    expect(
      await of("DTSTART;TZID=Europe/Berlin:20261224T090000", "DTEND;TZID=America/New_York:20261224T090000"),
    ).toEqual(["2026-12-24T08:00 2026-12-24T14:00"]);
  });
  test("for days by the wall and hours by the clock", async () => {
    const start = "DTSTART;TZID=Europe/Berlin:20270327T120000";
    expect(await of(start, "DURATION:P1D")).toEqual(["2027-03-27T11:00 2027-03-28T10:00"]);
    expect(await of(start, "DURATION:PT24H")).toEqual(["2027-03-27T11:00 2027-03-28T11:00"]);
    expect(await of(start, "DURATION:P1DT2H")).toEqual(["2027-03-27T11:00 2027-03-28T12:00"]);
  });
  test("in a zone that only the file defines, as Outlook writes it", async () => {
    const zone = [
      "BEGIN:VTIMEZONE",
      "TZID:W. Europe Standard Time",
      "BEGIN:STANDARD",
      "DTSTART:16010101T030000",
      "TZOFFSETFROM:+0200",
      "TZOFFSETTO:+0100",
      "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
      "END:STANDARD",
      "BEGIN:DAYLIGHT",
      "DTSTART:16010101T020000",
      "TZOFFSETFROM:+0100",
      "TZOFFSETTO:+0200",
      "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
      "END:DAYLIGHT",
      "END:VTIMEZONE",
    ].join("\r\n");
    const at = (time: string) => event(`DTSTART;TZID="W. Europe Standard Time":${time}`, "DURATION:PT1H");
    expect(await times(calendar(zone, at("20261224T090000"), at("20270701T090000")))).toEqual([
      "2026-12-24T08:00 2026-12-24T09:00",
      "2027-07-01T07:00 2027-07-01T08:00",
    ]);
    expect(await refusal(calendar(at("20261224T090000")))).toBe(
      'calendar-invalid: holidays.ics: the TZID "W. Europe Standard Time" is neither an IANA zone nor defined once in the file',
    );
    expect(await refusal(calendar(zone, zone, at("20261224T090000")))).toMatch(/nor defined once/);
  });
  test("whose name is told, cleaned and short", async () => {
    const [busy] = await busyTimes(
      calendar(event("DTSTART;VALUE=DATE:20261224").replace("SUMMARY:Freeze", `SUMMARY:a\u001b[31m${"x".repeat(100)}`)),
      READING,
    );
    expect(busy?.title).toBe(`a [31m${"x".repeat(51)}…`);
  });
  test("unless it was cancelled", async () => {
    const other = event("DTSTART;VALUE=DATE:20261231");
    const cancelled = event("DTSTART;VALUE=DATE:20261224", "STATUS:CANCELLED");
    expect(await times(calendar(cancelled, other))).toEqual(["2026-12-30T23:00 2026-12-31T23:00"]);
    expect(await refusal(calendar(cancelled))).toBe(
      "calendar-invalid: holidays.ics: found no event, expected at least one",
    );
  });
});

describe("an event that repeats", () => {
  const start = "DTSTART;TZID=Europe/Berlin:20270322T100000";
  const hour = "DURATION:PT1H";
  test("keeps its time of day across daylight saving", async () =>
    expect(await of(start, hour, "RRULE:FREQ=WEEKLY;COUNT=2")).toEqual([
      "2027-03-22T09:00 2027-03-22T10:00",
      "2027-03-29T08:00 2027-03-29T09:00",
    ]));
  test("goes on until its last start, in UTC or as a day, included", async () => {
    expect(await of(start, hour, "RRULE:FREQ=DAILY;UNTIL=20270323T090000Z")).toHaveLength(2);
    expect(await of(start, hour, "RRULE:FREQ=DAILY;UNTIL=20270323T085959Z")).toHaveLength(1);
    expect(await of(start, hour, "RRULE:FREQ=DAILY;UNTIL=20270323")).toHaveLength(2);
    expect(await of("DTSTART;VALUE=DATE:20270322", "RRULE:FREQ=DAILY;UNTIL=20270324")).toHaveLength(3);
  });
  test("leaves out its exceptions, in whatever zone they are written", async () => {
    const rule = "RRULE:FREQ=DAILY;COUNT=4";
    expect(await of(start, hour, rule, "EXDATE;TZID=Europe/Berlin:20270323T100000", "EXDATE:20270324T090000Z")).toEqual(
      ["2027-03-22T09:00 2027-03-22T10:00", "2027-03-25T09:00 2027-03-25T10:00"],
    );
    expect(await of("DTSTART;VALUE=DATE:20270322", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;VALUE=DATE:20270322")).toEqual([
      "2027-03-22T23:00 2027-03-23T23:00",
    ]);
    // An exception that hits nothing takes nothing away.
    expect(await of(start, hour, rule, "EXDATE;TZID=Europe/Berlin:20270323T100001")).toHaveLength(4);
  });
  test("has further dates and times beside its rule", async () =>
    expect(
      await of(
        start,
        hour,
        "RDATE:20270401T090000Z",
        "RDATE;VALUE=PERIOD:20270402T090000Z/PT3H,20270403T090000Z/20270403T100000Z",
      ),
    ).toEqual([
      "2027-03-22T09:00 2027-03-22T10:00",
      "2027-04-01T09:00 2027-04-01T10:00",
      "2027-04-02T09:00 2027-04-02T12:00",
      "2027-04-03T09:00 2027-04-03T10:00",
    ]));
  test("is moved or cancelled one by one", async () => {
    const moved = event("RECURRENCE-ID;TZID=Europe/Berlin:20270323T100000", "DTSTART:20270323T200000Z", hour);
    const gone = event("RECURRENCE-ID:20270324T090000Z", "DTSTART:20270324T090000Z", hour, "STATUS:CANCELLED");
    expect(await times(calendar(event(start, hour, "RRULE:FREQ=DAILY;COUNT=3"), moved, gone))).toEqual([
      "2027-03-22T09:00 2027-03-22T10:00",
      "2027-03-23T20:00 2027-03-23T21:00",
    ]);
    // Only of the same event.
    const stranger = gone.replace("UID:1", "UID:2");
    expect(await times(calendar(event(start, hour, "RRULE:FREQ=DAILY;COUNT=3"), stranger))).toHaveLength(3);
  });
  test("is on the fourth Thursday of November, the last working day of a month, and 29 February", async () => {
    const days = async (first: string, rule: string) =>
      (await times(calendar(event(`DTSTART;VALUE=DATE:${first}`, `RRULE:${rule}`)), { timeZone: "UTC" })).map((one) =>
        one.slice(0, 10),
      );
    expect(await days("20261126", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=4")).toEqual([
      "2026-11-26",
      "2027-11-25",
      "2028-11-23",
      "2029-11-22",
    ]);
    expect(await days("20261130", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3")).toEqual([
      "2026-11-30",
      "2026-12-31",
      "2027-01-29",
    ]);
    expect(await days("20240229", "FREQ=YEARLY")).toEqual(["2028-02-29"]);
    expect(await days("20261231", "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270301")).toEqual([
      "2026-12-31",
      "2027-01-31",
      "2027-02-28",
    ]);
  });
  test("counts on its first date though the rule does not name it", async () =>
    expect(await of("DTSTART;VALUE=DATE:20270322", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")).toEqual([
      "2027-03-21T23:00 2027-03-22T23:00",
    ]));
  test("is worked out from long ago to as far as is asked", async () => {
    const yearly = await of("DTSTART;VALUE=DATE:19701224", "DTEND;VALUE=DATE:19701227", "RRULE:FREQ=YEARLY");
    expect(yearly).toEqual(["2026", "2027", "2028", "2029"].map((year) => `${year}-12-23T23:00 ${year}-12-26T23:00`));
  });
});

/** A second way to repeat: every day is held against the rule. */
describe("what is not understood is refused as a whole", () => {
  const day = "DTSTART;VALUE=DATE:20261224";
  const time = "DTSTART:20261224T090000Z";
  test("text that is no calendar, or half of one", async () => {
    expect(await refusal("")).toMatch(/^calendar-invalid: holidays\.ics: found nothing, expected VCALENDAR$/);
    for (const text of [
      "hello",
      "<html></html>",
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
      "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
      "{}",
      "\0".repeat(1000),
    ]) {
      expect(await refusal(text), text.slice(0, 30)).toMatch(/^calendar-invalid: /);
    }
    const whole = calendar(event(day));
    expect(await refusal(whole.slice(0, whole.indexOf("END:VEVENT")))).toMatch(/^calendar-invalid: /);
    expect(await refusal(calendar())).toMatch(/found no event/);
  });
  test("an event without a beginning, without an end, or one that ends too early", async () => {
    expect(await refused()).toBe("calendar-invalid: holidays.ics: Freeze has no DTSTART");
    expect(await refused(time)).toBe("calendar-invalid: holidays.ics: Freeze has neither DTEND nor DURATION");
    expect(await refused(time, "DTEND:20261224T090000Z")).toMatch(/ends when or before it begins$/);
    expect(await refused(day, "DTEND;VALUE=DATE:20261223")).toMatch(/ends before it begins$/);
    expect(await refused(time, "DURATION:-PT1H")).toMatch(/has the duration "-PT1H"$/);
    expect(await refused(time, "DURATION:PT0S")).toMatch(/has the duration/);
    expect(await refused(day, "DURATION:PT1H")).toMatch(/has the duration/);
    expect(await refused(time, "DTEND;VALUE=DATE:20261225")).toMatch(/begins as a day and ends as a time/);
    expect(await refused(time, "DTEND:20261224T100000Z", "DURATION:PT1H")).toMatch(/has DTEND and DURATION$/);
    expect(await refused(day, "DTSTART;VALUE=DATE:20270101")).toMatch(/has DTSTART twice$/);
  });
  test("dates that are none", async () => {
    for (const value of ["20261301", "20260230", "2026", "garbage"])
      expect(await refused(`DTSTART;VALUE=DATE:${value}`), value).toMatch(/^calendar-invalid: /);
    for (const value of ["20261224T250000Z", "20261224T096000Z"])
      expect(await refused(`DTSTART:${value}`, "DURATION:PT1H"), value).toMatch(/^calendar-invalid: /);
  });
  test("zones that nobody knows, and offsets", async () => {
    for (const zone of ["Mars/Olympus", "+01:00", "__proto__"]) {
      expect(await refused(`DTSTART;TZID="${zone}":20261224T090000`, "DURATION:PT1H"), zone).toMatch(
        /is neither an IANA zone nor defined once in the file$/,
      );
    }
  });
  test("rules that take freezes away in a way that is not worked out", async () => {
    expect(await refused(day, "EXRULE:FREQ=DAILY")).toMatch(/has an EXRULE, which is not read$/);
    expect(await refused(day, "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261224")).toMatch(
      /has a RECURRENCE-ID with RANGE, which is not read$/,
    );
    expect(await refused(time, "DURATION:PT1H", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261225")).toMatch(
      /has an exception that is a day where it is a time/,
    );
    expect(await refused(day, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY")).toMatch(/has RRULE twice$/);
    expect(await refused(day, "RECURRENCE-ID;VALUE=DATE:20261224", "RRULE:FREQ=DAILY")).toMatch(
      /is an exception that repeats$/,
    );
  });
  test("rules by the hour, and parts that are not read", async () => {
    for (const freq of ["HOURLY", "MINUTELY", "SECONDLY"])
      expect(await refused(day, `RRULE:FREQ=${freq}`)).toMatch(/expected one of YEARLY, MONTHLY, WEEKLY, DAILY$/);
    for (const part of ["BYHOUR=1", "BYWEEKNO=1", "BYYEARDAY=1"])
      expect(await refused(day, `RRULE:FREQ=YEARLY;${part}`)).toMatch(/which is not read$/);
    for (const rule of [
      "FREQ=NEVER",
      "INTERVAL=2",
      "FREQ=DAILY;COUNT=-1",
      "FREQ=WEEKLY;BYDAY=XX",
      "FREQ=DAILY;UNTIL=soon",
    ])
      expect(await refused(day, `RRULE:${rule}`), rule).toMatch(/^calendar-invalid: /);
  });
});
