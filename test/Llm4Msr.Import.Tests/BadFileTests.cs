using System.Globalization;
using System.IO.Compression;
using System.Text;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>Broken files: each has a named error or a stated treatment, and no row is lost without being counted.</summary>
public sealed class BadFileTests : IDisposable
{
    private const string Good = "user,item,rating,time\n1,10,5,100\n2,11,1,101\n1,12,4,102\n2,10,2,103\n";

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AFileMayBeginWithAMarkAndEndItsLinesAsItLikes()
    {
        var expected = Rows(Good);

        Assert.Equal(expected, Rows("\uFEFF" + Good));
        Assert.Equal(expected, Rows(Good.ReplaceLineEndings("\r\n")));
        Assert.Equal(expected, Rows("\uFEFF" + Good.ReplaceLineEndings("\r\n").TrimEnd()));
        Assert.Equal(expected, Rows(Good.ReplaceLineEndings("\r\n")[..^1])); // cut within its last end
    }

    /// <summary>A line may end in any way, but all in the same; within quotes a line end is text.</summary>
    [Theory]
    [InlineData("log.csv", "\n", "\r\n", "line 1 ends with LF, line 2 with CR LF"), InlineData("log.csv", "\r\n", "\n", "line 1 ends with CR LF, line 2 with LF")]
    [InlineData("log.csv", "\n", "\r", "line 1 ends with LF, line 2 with CR"), InlineData("log.csv", "\r", "\n", "line 1 ends with CR, line 2 with LF")]
    [InlineData("log.csv", "\r\n", "\r", "line 1 ends with CR LF, line 2 with CR"), InlineData("log.csv", "\r", "\r\n", "line 1 ends with CR, line 2 with CR LF")]
    [InlineData("log.jsonl", "\n", "\r\n", "line 1 ends with LF, line 2 with CR LF"), InlineData("log.jsonl", "\r\n", "\n", "line 1 ends with CR LF, line 2 with LF")]
    public void LinesThatEndInTwoWaysAreNamed(string name, string end, string other, string problem)
    {
        string[] rows = name == "log.csv"
            ? [.. Good.TrimEnd().Split('\n')]
            : [.. Enumerable.Range(0, 5).Select(k => string.Create(CultureInfo.InvariantCulture, $"{{\"user\": {k}, \"item\": 1, \"rating\": {k}, \"time\": 100}}"))];
        void Write(string second) => File.WriteAllText(_scratch[name], rows[0] + end + rows[1] + second + string.Join(end, rows[2..]) + end);
        Write(end);
        Imports.Run(_scratch, Imports.Ratings(name));

        Write(other);
        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, Imports.Ratings(name), output: "other"));

        Assert.Equal((FaultKind.BadInput, $"{_scratch[name]}: {problem}. Make all lines end alike, for example with dos2unix."), (error.Kind, error.Message));
    }

    [Theory]
    [InlineData("\n", "\r\n"), InlineData("\r\n", "\n"), InlineData("\n", "\r"), InlineData("\r", "\n")]
    public void InsideOfQuotesALineMayEndInAnotherWay(string end, string other)
    {
        var data = Imports.Run(_scratch, Written($"{Good}3,\"a|b\",5,104\n".ReplaceLineEndings(end).Replace("|", other, StringComparison.Ordinal)));

        Assert.Equal(5, data.Interactions.Count);
        Assert.Contains($"a{other}b", data.Encoder.Items.Keys);
    }

    [Fact]
    public void AFileMayBeInUtf16OrPacked()
    {
        var expected = Rows(Good);
        File.WriteAllText(_scratch["wide.csv"], Good, Encoding.Unicode);
        using (var stream = new GZipStream(File.Create(_scratch["log.csv.gz"]), CompressionLevel.Fastest))
            stream.Write(Encoding.UTF8.GetBytes(Good));

        Assert.Equal(expected, Imports.Run(_scratch, Imports.Ratings("wide.csv"), output: "wide").Rows());
        Assert.Equal(expected, Imports.Run(_scratch, Imports.Ratings("log.csv.gz"), output: "packed").Rows());
    }

    [Fact]
    public void JsonLinesGiveTheSameRows()
    {
        File.WriteAllText(_scratch["log.jsonl"], """
            {"user": 1, "item": "10", "rating": 5.0, "time": 100, "text": "a, \"b\"\n"}
            {"time": 101, "user": 2, "item": "11", "rating": 1}
            {"user": 1, "item": "12", "rating": "4", "time": 102}
            {"user": 2, "item": "10", "rating": 2, "time": 103, "more": {"deep": [1]}}
            {"user": 2, "item": "10", "rating": 2,
            [1, 2]

            """);

        var data = Imports.Run(_scratch, Imports.Ratings("log.jsonl"));

        Assert.Equal(Rows(Good), data.Rows());
        Assert.Equal(new SourceRows("log.jsonl", 6, 4, 2, 0, 0), Assert.Single(data.Description.Import!.Sources));
    }

    [Theory]
    [InlineData("3,10,5", 6, "the row has too few fields", "3,10,5")]
    [InlineData("3,10,5,104,7", 6, "the row has too many fields", "3,10,5,104,7")]
    [InlineData("3,10,five,104", 6, "the label (rating) is 'five', expected a number", "3, 10, five, 104")]
    [InlineData("3,10,,104", 6, "the label (rating) is '', expected a number", "3, 10, , 104")]
    [InlineData(",10,5,104", 6, "the user (user) is empty", ", 10, 5, 104")]
    [InlineData("3,,5,104", 6, "the item (item) is empty", "3, , 5, 104")]
    [InlineData("3,10,5,-1", 6, "the time (time) is '-1', expected seconds or milliseconds since 1970, before 2100", "3, 10, 5, -1")]
    [InlineData("3,10,5,9999999999", 6, "the time (time) is '9999999999', expected seconds or milliseconds since 1970, before 2100", "3, 10, 5, 9999999999")]
    [InlineData("3,10,5,yesterday", 6, "the time (time) is 'yesterday', expected seconds or milliseconds since 1970", "3, 10, 5, yesterday")]
    [InlineData("1,\"10\n11\",5,104\n3,10,x,104", 8, "the label (rating) is 'x', expected a number", "3, 10, x, 104")]
    [InlineData("3,10,5\n3,10,x,104", 7, "the label (rating) is 'x', expected a number", "3, 10, x, 104")]
    [InlineData("3,10,5,\"104", 6, "a quote is not closed", "3,10,5,\"104")]
    public void ARowThatCannotBeUsedIsToldWithLineReasonAndText(string rows, int line, string reason, string text)
    {
        File.WriteAllText(_scratch["log.csv"], Good + rows + "\n");

        var data = Imports.Run(_scratch, Imports.Ratings());

        var told = RejectedRows();
        Assert.Contains((line.ToString(CultureInfo.InvariantCulture), reason, text), told);
        var counts = Assert.Single(data.Description.Import!.Sources);
        Assert.Equal((counts.Read, told.Count), (counts.Kept + counts.Rejected, counts.Rejected));
        Assert.Equal(counts.Kept, data.Interactions.Count);
    }

    [Theory]
    [InlineData("\n\n3,10,x,104\n\n3,10\n")]
    [InlineData("1,\"10\n\n11\",5,104\n\n3,10,x,104\n3,10\n")]
    [InlineData("3,10\n\n\n\n3,10,x,104\n")]
    [InlineData("1,\"a\"\"\n,\",5,104\n1,b\",5,104\n1,\"\"\"\",5,104\n3,10,x,104\n3,10\n")]
    public void LinesAreThoseOfAnEditor(string rows)
    {
        foreach (var ends in new[] { "\n", "\r\n", "\r" })
        {
            var content = ("\n" + Good + rows).ReplaceLineEndings(ends);
            Imports.Run(_scratch, Written(content), output: "data");

            var lines = content.Split(ends);
            var told = RejectedRows();
            Assert.Equal(["3, 10, x, 104", "3,10"], told.Select(r => r.Text).Order(StringComparer.Ordinal));
            Assert.All(told, r => Assert.Equal(r.Text.Replace(", ", ",", StringComparison.Ordinal), lines[int.Parse(r.Line, CultureInfo.InvariantCulture) - 1]));
            Directory.Delete(_scratch["data"], recursive: true);
        }
    }

    [Fact]
    public void BytesThatAreNoTextAreARejectedRow()
    {
        File.WriteAllBytes(_scratch["log.csv"], [.. Encoding.UTF8.GetBytes(Good), .. "3,"u8, 0xFF, 0xFE, .. ",5,104\n"u8]);

        var data = Imports.Run(_scratch, Imports.Ratings());

        Assert.Equal(4, data.Interactions.Count);
        Assert.Equal(("6", "the text is not in the file's encoding"), Assert.Single(RejectedRows()) is var (line, reason, _) ? (line, reason) : default);
    }

    [Fact]
    public void AnEmptyByteIsAPartOfAnId()
    {
        var data = Imports.Run(_scratch, Written(Good + "3,1\0" + "0,5,104\n"));

        Assert.Equal(5, data.Interactions.Count);
        Assert.Contains("1\0" + "0", data.Encoder.Items.Keys);
    }

    [Fact]
    public void ALongFieldIsAnIdAndATooLongRowIsRejected()
    {
        var data = Imports.Run(_scratch, Written(Good + $"{new string('x', 1 << 20)},10,5,104\n{new string('y', 20 << 20)},10,5,104\n3,10,5,105\n"));

        Assert.Equal(6, data.Interactions.Count);
        Assert.Equal(("7", "the row is longer than 16 MiB"), Assert.Single(RejectedRows()) is var (line, reason, _) ? (line, reason) : default);
    }

    [Fact]
    public void MillisecondsAndSecondsAreToldApartAndDatesAreRead()
    {
        const string Header = "user,item,rating,time\n";
        long[] times = [1_684_713_600, 1_684_713_600, 1_684_713_600, 1_684_713_601];

        Assert.Equal(times, Rows(Header + "1,1,5,1684713600\n1,2,1,1684713600000\n1,3,5,1.6847136e12\n1,4,1,1684713601.5\n").Select(r => r.Time));
        Assert.Equal(times, Rows(Header + "1,1,5,2023-05-22\n1,2,1,2023-05-22T00:00:00Z\n1,3,5,2023-05-22 02:00:00+02:00\n1,4,1,2023-05-22 00:00:01\n", new TimeColumn("time", TimeUnit.Iso)).Select(r => r.Time));
        Assert.Equal(times[..1], Rows(Header + "1,1,5,22.05.2023\n1,2,5,23.05.2023\n", new TimeColumn("time", TimeUnit.Text, "%d.%m.%Y")).Select(r => r.Time).Take(1));
    }

    [Theory]
    [InlineData("user;item;rating;time\n1;10;5;100\n", "there is no column 'user', 'item', 'time', 'rating'. The file has: user;item;rating;time. Is the separator right (format.separator)?")]
    [InlineData("user,itm,rating,time\n1,10,5,100\n", "there is no column 'item'. The file has: user, itm, rating, time. Did you mean 'itm'?")]
    [InlineData("user,item,item,rating,time\n1,10,5,5,100\n", "two columns are called 'item'. Name the columns in the configuration (format.columns).")]
    [InlineData("", " is empty. Get it again.")]
    public void AFileOfAnotherShapeIsRefusedByName(string content, string message)
    {
        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, Written(content)));

        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.Equal($"{_scratch["log.csv"]}{(content.Length > 0 ? ": " : "")}{message}", error.Message);
    }

    [Theory]
    [InlineData("log.parquet")]
    [InlineData("log.csv.gz")]
    public void AFileThatIsNotWhatItsNameSaysIsRefusedByName(string name)
    {
        File.WriteAllText(_scratch[name], Good);

        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, Imports.Ratings(name)));

        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.StartsWith($"{_scratch[name]} cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TooManyUnusableRowsStopTheImportAndAreStillTold()
    {
        File.WriteAllText(_scratch["log.csv"], Good + "3,10,five,104\n");

        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, Imports.Ratings() with { MaxRejected = 0.19 }));

        Assert.Equal(
            $"{_scratch["log.csv"]}: 1 of 5 rows cannot be used, more than the 19 % allowed. Line 6: the label (rating) is 'five', expected a number. "
            + $"All of them, with line and reason, are in {_scratch["data.rejected.csv"]}. Correct the file or its description, or allow more with --max-rejected.", error.Message);
        Assert.Single(RejectedRows());
        Imports.Run(_scratch, Imports.Ratings() with { MaxRejected = 0.2 });
    }

    [Theory]
    [InlineData("3,10,five,104\n", "the label (rating) is 'five', expected a number")]
    [InlineData("3,10\n", "the row has too few fields")]
    public void OfFarTooManyUnusableRowsAllAreCountedAndTheFirstTold(string row, string reason)
    {
        const int Rows = 10_002, MostTold = 10_000;
        File.WriteAllText(_scratch["log.csv"], "user,item,rating,time\n" + string.Concat(Enumerable.Repeat(row, Rows)));

        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, Imports.Ratings() with { MaxRejected = 0.005 }));

        Assert.StartsWith(
            $"{_scratch["log.csv"]}: {Rows} of {Rows} rows cannot be used, more than the 0.5 % allowed. Line 2: {reason}. Line 3: {reason}. Line 4: {reason}. "
            + $"The first 10,000 of them, with line and reason, are in {_scratch["data.rejected.csv"]}. Correct ",
            error.Message, StringComparison.Ordinal);
        var told = RejectedRows();
        Assert.Equal((MostTold, "2", "10001"), (told.Count, told[0].Line, told[^1].Line));
    }

    [Fact]
    public void APatternThatMeansNothingIsTheConfigurationsFault()
    {
        var log = Written(Good);
        var source = log.Interactions[0] with
        {
            Time = new TimeColumn("time", TimeUnit.Text, "%Q"),
            Context = [new FeatureSource { Name = "rating", Extract = "." }, new FeatureSource { Name = "length", Column = "item", Extract = "(" }],
        };

        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, log with { Interactions = [source] }));

        Assert.Equal(FaultKind.Usage, error.Kind);
        var lines = error.Message.Split(Environment.NewLine);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("The configuration 'ratings': interactions[0].time.pattern is '%Q': ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("interactions[0].context[1].extract ('length') is '(': ", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void ARowMayStandTwiceOrForOthersByRule()
    {
        var log = Written("user,item,rating,time\n1,10,1,100\n1,10,5,100\n1,10,2,101\n2,10,5,100\n2,11,1,100\n");

        Assert.Equal(5, Imports.Run(_scratch, log, output: "keep").Interactions.Count);
        var sameTime = Imports.Run(_scratch, log with { Duplicates = DuplicateRule.SameTime }, output: "time");
        Assert.Equal([("1", "10", true, 100L), ("2", "10", true, 100L), ("2", "11", false, 100L), ("1", "10", false, 101L)], sameTime.Rows());
        var sameItem = Imports.Run(_scratch, log with { Duplicates = DuplicateRule.SameItem }, output: "item");
        Assert.Equal([("2", "10", true, 100L), ("2", "11", false, 100L), ("1", "10", false, 101L)], sameItem.Rows());
        Assert.Equal(new SourceRows("log.csv", 5, 3, 0, 0, 2), Assert.Single(sameItem.Description.Import!.Sources));
    }

    [Fact]
    public void AScenarioWithoutRowsIsRefused()
    {
        var log = Written(Good);

        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, log with { Scenarios = [.. log.Scenarios, new Scenario("feed", "")] }));

        Assert.Equal("The scenario 'feed' has no interactions. Correct its rule, or leave the scenario out.", error.Message);
    }

    [Fact]
    public void AFileWithoutRowsIsNamedAndNotTheScenariosRule()
    {
        var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, Written("user,item,rating,time\n")));

        Assert.Equal((FaultKind.BadInput, $"{_scratch["log.csv"]} has no rows. Get it again, or leave it out."), (error.Kind, error.Message));
    }

    /// <summary>It is no fault of another file that it has none.</summary>
    [Fact]
    public void AFileWithoutRowsMayStandBesideOthers()
    {
        var log = Written(Good);
        File.WriteAllText(_scratch["quiet.csv"], "user,item,rating,time\n");
        var both = log with { Interactions = [log.Interactions[0], log.Interactions[0] with { File = "quiet.csv" }] };

        Assert.Equal(4, Imports.Run(_scratch, both).Interactions.Count);
        Assert.Equal(
            $"{_scratch["quiet.csv"]} has no rows. Get it again, or leave it out.",
            Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, both with
            {
                Scenarios = [.. log.Scenarios, new Scenario("feed", "")],
                Interactions = [log.Interactions[0], both.Interactions[1] with { Scenario = new ScenarioRule(Name: "feed") }],
            }, output: "other")).Message);
    }

    [Theory]
    [InlineData(null, true), InlineData("id,name\n10,\n11,\n12,\n", true), InlineData("id,name\n10,\n11,Soap\n12,\n", false)]
    public void ItemsWithoutWordsAreWarnedOf(string? items, bool warned)
    {
        const string NoWords = "No item has a title or a category: prompts cannot say what users liked. For knowledge, name a table of items with 'title' and 'category' in the configuration.";
        var log = Written(Good);
        if (items is not null)
        {
            File.WriteAllText(_scratch["items.csv"], items);
            log = log with { Items = [new EntitySource { File = "items.csv", Key = "id", Title = ["name"] }] };
        }

        var warnings = Imports.Run(_scratch, log).Description.Import!.Warnings;

        Assert.Equal(warned ? [NoWords] : [], warnings);
    }

    [Fact]
    public void ABlankScenarioIsARejectedRowUnlessTheRuleHasALastResort()
    {
        var log = Written("user,item,rating,time,place\n1,10,5,100,web\n2,11,1,101,\n1,12,4,102,\" \"\n2,10,2,103,web\n");
        ImportConfiguration With(ScenarioRule rule) => log with { Interactions = [log.Interactions[0] with { Scenario = rule }] };
        var names = new Dictionary<string, string> { ["web"] = "shop" };

        var data = Imports.Run(_scratch, With(new ScenarioRule(Column: "place", Names: names)));

        Assert.Equal(new SourceRows("log.csv", 4, 2, 2, 0, 0), Assert.Single(data.Description.Import!.Sources));
        Assert.Equal(
            [("3", "the scenario (place) is '', expected one of web", "2, 11, 1, 101, "), ("4", "the scenario (place) is ' ', expected one of web", "1, 12, 4, 102,  ")],
            RejectedRows());
        Assert.Equal(4, Imports.Run(_scratch, With(new ScenarioRule(Column: "place", Names: names, Otherwise: "shop")), output: "otherwise").Interactions.Count);
    }

    [Fact]
    public void AScenarioOfOneClassIsWarnedOf()
    {
        var data = Imports.Run(_scratch, Written("user,item,rating,time\n1,10,5,100\n2,11,4,101\n"));

        Assert.Single(data.Description.Import!.Warnings, w => w.StartsWith("In the scenario 'shop' every row is clicked: ", StringComparison.Ordinal));
    }

    [Fact]
    public void NamesAndValuesAreNeverRunAsStatements()
    {
        const string Trap = "x\"); DROP TABLE events; --";
        var header = $"\"{Trap.Replace("\"", "\"\"", StringComparison.Ordinal)}\",item,rating,time\n";
        var log = Written(header + "'; DROP TABLE events; --,10,5,100\n2,$1,1,101\n");

        var data = Imports.Run(_scratch, log with { Interactions = [log.Interactions[0] with { User = Trap, Label = $"rating > 3 and \"{Trap.Replace("\"", "\"\"", StringComparison.Ordinal)}\" != ''' OR 1=1'" }] });

        Assert.Equal([("'; DROP TABLE events; --", "10", true, 100L), ("2", "$1", false, 101L)], data.Rows());
    }

    [Fact]
    public void BlankLinesAreNoRows()
    {
        var expected = Rows(Good);

        Assert.Equal(expected, Imports.Run(_scratch, Written("\n\n" + Good.Replace("\n", "\n\n\n", StringComparison.Ordinal)) with { MaxRejected = 0 }, output: "blank").Rows());
        File.WriteAllText(_scratch["log.jsonl"], "\n{\"user\": 1, \"item\": 2, \"rating\": 5, \"time\": 100}\n\n{\"user\": 1, \"item\": 3, \"rating\": 1, \"time\": 101}\n\nx\n\n");
        Assert.Equal(new SourceRows("log.jsonl", 3, 2, 1, 0, 0), Assert.Single(Imports.Run(_scratch, Imports.Ratings("log.jsonl")).Description.Import!.Sources));
        Assert.Equal(("6", "it is no JSON object", "x"), Assert.Single(RejectedRows()));
    }

    /// <summary>What a condition would leave out cannot be known of a line that nobody can read.</summary>
    [Fact]
    public void ALineThatIsNoJsonObjectIsRejectedAlsoWhereAConditionPicksRows()
    {
        File.WriteAllText(_scratch["log.jsonl"], "{\"user\": 1, \"item\": 2, \"rating\": 5, \"time\": 100}\n[1]\n{\"user\": 1, \"item\": 3, \"rating\": 4, \"time\": 101}\n");
        var log = Imports.Ratings("log.jsonl");

        var source = Assert.Single(Imports.Run(_scratch, log with { Interactions = [log.Interactions[0] with { Where = "rating > 3" }] }).Description.Import!.Sources);

        Assert.Equal((3, 2, 1), (source.Read, source.Kept, source.Rejected));
        Assert.Equal(("2", "it is no JSON object", "[1]"), Assert.Single(RejectedRows()));
    }

    [Theory]
    [InlineData("lo[g].csv", "log.csv"), InlineData("*.csv", "other.csv"), InlineData("l?g.csv", "log.csv")]
    [InlineData("user=7/log.csv", null), InlineData("c0=7/log.csv", null)]
    public void TheCharactersOfANameMeanThemselves(string name, string? neighbour)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_scratch[name])!);
        File.WriteAllText(_scratch[name], Good);
        if (neighbour is not null)
            File.WriteAllText(_scratch[neighbour], Good.Replace("1,10,", "9,99,", StringComparison.Ordinal));

        Assert.Equal(Rows(Good), Imports.Run(_scratch, Imports.Ratings(name), output: "named").Rows());
    }

    [Theory]
    [InlineData("user=7/log.parquet", null), InlineData("c0=7/log.parquet", null), InlineData("lo[g].parquet", "log.parquet")]
    public void ThoseOfAParquetFileToo(string name, string? neighbour)
    {
        void Write(string file, int item)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_scratch[file])!);
            using var writer = new ParquetSharp.ParquetFileWriter(_scratch[file], [.. new[] { "user", "item", "rating", "time" }.Select(name => new ParquetSharp.Column<int>(name))]);
            using var group = writer.AppendRowGroup();
            foreach (int[] values in new int[][] { [1, 2], [item, item], [5, 1], [100, 101] })
            {
                using var column = group.NextColumn().LogicalWriter<int>();
                column.WriteBatch(values);
            }
            writer.Close();
        }
        Write(name, 10);
        if (neighbour is not null)
            Write(neighbour, 99);

        Assert.Equal([("1", "10", true, 100L), ("2", "10", false, 101L)], Imports.Run(_scratch, Imports.Ratings(name)).Rows());
    }

    [Fact]
    public void AColumnOfJsonLinesMayBeginLateButNotBeInNoLine()
    {
        var first = string.Concat(Enumerable.Range(0, 1500).Select(k => string.Create(CultureInfo.InvariantCulture, $"{{\"user\": {k % 9}, \"item\": {k % 7}, \"rating\": 5, \"time\": {100 + k}}}\n")));
        File.WriteAllText(_scratch["log.jsonl"], first + "{\"user\": 1, \"item\": 2, \"rating\": 1, \"time\": 9000, \"device\": \"tv\"}\n");
        var log = Imports.Ratings("log.jsonl");
        ImportConfiguration With(string column) => log with { Interactions = [log.Interactions[0] with { Context = [new FeatureSource { Name = column }] }] };

        Assert.Equal(1501, Imports.Run(_scratch, With("device")).Interactions.Count);
        Assert.Equal(
            $"{_scratch["log.jsonl"]}: there is no column 'devise'. Its first lines have: user, item, rating, time.",
            Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, With("devise"), output: "other")).Message);
        File.WriteAllText(_scratch["log.jsonl"], Good);
        Assert.Equal(
            $"{_scratch["log.jsonl"]}: there is no column 'user', 'item', 'time', 'rating'. No line at its beginning is a JSON object.",
            Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, log, output: "other")).Message);
    }

    private List<(string User, string Item, bool Clicked, long Time)> Rows(string content, TimeColumn? time = null)
    {
        var log = Written(content);
        return [.. Imports.Run(_scratch, time is null ? log : log with { Interactions = [log.Interactions[0] with { Time = time }] }, output: $"data-{Guid.NewGuid():N}").Rows()];
    }

    private ImportConfiguration Written(string content)
    {
        File.WriteAllText(_scratch["log.csv"], content, new UTF8Encoding(false));
        return Imports.Ratings();
    }

    private List<(string Line, string Reason, string Text)> RejectedRows()
    {
        using var reader = Sylvan.Data.Csv.CsvDataReader.Create(_scratch["data.rejected.csv"]);
        List<(string, string, string)> rows = [];
        while (reader.Read())
            rows.Add((reader.GetString(1), reader.GetString(2), reader.GetString(3)));
        return rows;
    }
}
