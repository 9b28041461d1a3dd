using System.Globalization;
using System.Text;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>
/// Each table of users or items with its file broken in each of the usual ways. "same" is what the unbroken table gives, byte for byte; "another value"
/// that all rows are kept and one says something else; "line 9: …" that this line is rejected, or the import refused where nothing may be; anything else is how a refusal goes on.
/// </summary>
public sealed class SideTableCorpusTests : IDisposable
{
    private const int Good = 8;

    private static readonly string[] s_tables = ["kuaisar users", "kuaisar items", "amazon items", "movielens items", "movielens users", "generic items"];

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string, string, string> Corpus()
    {
        const string BigEndian = " is UTF-16 big-endian; convert it, for example with 'iconv -f UTF-16BE -t UTF-8'.";
        const string TooFew = "line 9: the row has too few fields";
        (string Way, string[] Expected)[] table =
        [
            ("byte order mark", ["same", "same", "same", "same", "same", "same"]),
            ("CR LF", ["same", "same", "same", "same", "same", "same"]),
            ("UTF-16", ["same", "same", "same", "same", "same", "same"]),
            ("UTF-16 big-endian", [BigEndian, BigEndian, BigEndian, BigEndian, BigEndian, BigEndian]),
            ("blank lines", ["same", "same", "same", "same", "same", "same"]),
            ("cut in its last row", [TooFew, TooFew, "line 8: it is no JSON object", TooFew, "line 8: the row has too few fields", TooFew]),
            ("a quote is not closed", ["line 9: a quote is not closed", "line 9: a quote is not closed", "line 8: it is no JSON object", "line 9: a quote is not closed", "another value", "line 9: a quote is not closed"]),
            ("numbers in words", ["another value", "another value", "another value", "another value", "line 8: the age_group (age) is 'young', expected a number", "line 9: the price (price) is 'cheap', expected a number"]),
            ("no id", ["line 9: the id (user_id) is empty", "line 9: the id (item_id) is empty", "line 8: the id (asin) is empty", "line 9: the id (movieId) is empty", "line 8: the id (user) is empty", "line 9: the id (id) is empty"]),
            ("one id twice", ["line 10: the id '8' stands on an earlier line too", "line 10: the id 'item8' stands on an earlier line too", "line 9: the id 'item8' stands on an earlier line too",
                "line 10: the id 'item8' stands on an earlier line too", "line 9: the id '8' stands on an earlier line too", "line 10: the id 'item8' stands on an earlier line too"]),
            ("a field of 1 MB", ["another value", "another value", "another value", "another value", "another value", "another value"]),
            ("NUL in an id", ["another value", "another value", "another value", "another value", "another value", "another value"]),
            ("wrong separator", ["there is no column", "there is no column", "there is no column", "there is no column", "8 of 8 rows cannot be used", "there is no column"]),
            ("a column is missing", ["there is no column", "there is no column", "there is no column", "there is no column", "8 of 8 rows cannot be used", "there is no column"]),
            ("empty", ["is empty. Get it again.", "is empty. Get it again.", "is empty. Get it again.", "is empty. Get it again.", "is empty. Get it again.", "is empty. Get it again."]),
            ("missing", ["There is no file", "There is no file", "There is no file", "There is no file", "There is no file", "There is no file"]),
        ];
        var data = new TheoryData<string, string, string>();
        foreach (var (way, expected) in table)
        {
            foreach (var (which, says) in s_tables.Zip(expected))
                data.Add(which, way, says);
        }
        return data;
    }

    [Theory, MemberData(nameof(Corpus))]
    public void ABrokenTableIsRefusedByNameOrTreatedAsWritten(string which, string way, string expected)
    {
        var table = Write(which);
        var configuration = table.Configuration with { MaxRejected = 1, Split = new SplitOptions(SplitKind.Global) };
        var path = _scratch[table.File];
        Imports.Run(_scratch, configuration, output: "right");
        if (way == "missing")
            File.Delete(path);
        else
            File.WriteAllBytes(path, Broken(table, way));

        if (expected is not ("same" or "another value") && !expected.StartsWith("line ", StringComparison.Ordinal))
        {
            var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, table.Configuration));
            Assert.Equal(FaultKind.BadInput, error.Kind);
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
            return;
        }
        var told = expected is "same" or "another value" ? null : expected["line ".Length..].Split(": ", 2);
        var read = way == "one id twice" ? Good + 1 : Good;
        if (told is [var line, var reason])
        {
            var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, configuration with { MaxRejected = 0 }));
            Assert.Equal($"{path}: 1 of {read} rows cannot be used, more than the 0 % allowed. Line {line}: {reason}. All of them, with line and reason, are in {_scratch["data.rejected.csv"]}. Correct the file or its description, or allow more with --max-rejected.", error.Message);
        }
        var data = Imports.Run(_scratch, configuration);
        var counts = data.Description.Import!.Sources.Single(s => s.File == table.File);
        Assert.Equal(new SourceRows(table.File, read, told is null ? read : read - 1, told is null ? 0 : 1, 0, 0), counts);
        if (told is not null)
            Assert.Contains($"{table.File},{told[0]},{told[1]},", File.ReadAllText(_scratch["data.rejected.csv"]).Replace("\"", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(expected == "same" || way == "one id twice", Tables("right").SequenceEqual(Tables("data")));
    }

    [Theory]
    [InlineData("kuaisar users", true), InlineData("kuaisar items", true), InlineData("generic items", true)]
    [InlineData("kuaisar users", false), InlineData("kuaisar items", false), InlineData("amazon items", false), InlineData("generic items", false)]
    public void ATableInWhichNobodyStandsIsWarnedOf(string which, bool empty)
    {
        var table = Write(which);
        var configuration = table.Configuration with { Split = new SplitOptions(SplitKind.Global) };
        Assert.Empty(Imports.Run(_scratch, configuration, output: "right").Description.Import!.Warnings);
        var what = which.Split(' ')[1];
        File.WriteAllText(_scratch[table.File], empty ? table.Text.Split('\n')[0] + "\n" : which switch
        {
            "kuaisar users" => string.Join("\n0", table.Text.TrimEnd('\n').Split('\n')) + "\n",
            _ => table.Text.Replace("item", "ITEM", StringComparison.Ordinal).Replace("ITEM_", "item_", StringComparison.Ordinal),
        });

        var data = Imports.Run(_scratch, configuration);

        Assert.Equal(
            $"None of the {what} in the interactions stands in {table.File}: nothing is known of them. Is the file whole, and are the ids spelled alike?",
            Assert.Single(data.Description.Import!.Warnings));
        Assert.Equal(empty ? 0 : Good, data.Description.Import.Sources.Single(s => s.File == table.File).Kept);
    }

    private IEnumerable<KeyValuePair<string, string>> Tables(string folder) => Imports.Hashes(_scratch[folder]).Where(f => f.Key.EndsWith(".arrow", StringComparison.Ordinal));

    private static byte[] Broken(Table table, string way)
    {
        var lines = table.Text.TrimEnd('\n').Split('\n');
        var json = table.Separator.Length == 0;
        string WithLast(string from, string to)
        {
            Assert.Contains(from, lines[^1], StringComparison.Ordinal);
            return string.Join('\n', [.. lines.SkipLast(1), lines[^1].Replace(from, to, StringComparison.Ordinal)]) + "\n";
        }
        string WithId(string id) => json ? WithLast(table.Id, id) : string.Join('\n', [.. lines.SkipLast(1), id + lines[^1][table.Id.Length..]]) + "\n";
        string[] Without(int column) => [.. lines.Select(line => string.Join(table.Separator, line.Split(table.Separator).Where((_, k) => k != column)))];
        var text = way switch
        {
            "CR LF" => table.Text.ReplaceLineEndings("\r\n"),
            "blank lines" => "\n" + table.Text.Replace("\n", "\n\n", StringComparison.Ordinal),
            "cut in its last row" => table.Text[..^(lines[^1].Length / 2)],
            "a quote is not closed" => WithLast(table.Value, json ? "\"" + table.Value : "\"" + table.Value),
            "numbers in words" => WithLast(table.Number.From, table.Number.To),
            "no id" => WithId(""),
            "one id twice" => table.Text + WithLast(table.Value, "other").Split('\n')[^2] + "\n",
            "a field of 1 MB" => WithLast(table.Value, table.Value + new string('x', 1 << 20)),
            "NUL in an id" => WithId(table.Id + (json ? "\\u0000" : "\0")),
            "wrong separator" => json ? table.Text.Replace("\": ", "\"; ", StringComparison.Ordinal) : table.Text.Replace(table.Separator, ";", StringComparison.Ordinal),
            "a column is missing" => json ? table.Text.Replace("\"brand\"", "\"maker\"", StringComparison.Ordinal) : string.Join('\n', Without(2)) + "\n",
            "empty" => "",
            _ => table.Text,
        };
        return way switch
        {
            "byte order mark" => [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)],
            "UTF-16" => [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(text)],
            "UTF-16 big-endian" => [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes(text)],
            _ => Encoding.UTF8.GetBytes(text),
        };
    }

    /// <param name="Separator">Empty for JSON lines.</param>
    /// <param name="Id">Of the last row, with which a row begins that is no JSON.</param>
    /// <param name="Value">Of a feature of the last row.</param>
    /// <param name="Number">A number of the last row, and what stands there in words.</param>
    private sealed record Table(ImportConfiguration Configuration, string File, string Text, string Separator, string Id, string Value, (string From, string To) Number);

    /// <summary>Eight users and eight items that are all met, and a table that says something about all of them.</summary>
    private Table Write(string which)
    {
        static string Rows(int count, Func<int, string> row) => string.Concat(Enumerable.Range(1, count).Select(row));
        static string Ratings(string separator) => Rows(2 * Good, k => string.Create(CultureInfo.InvariantCulture,
            $"{(k + 1) / 2}{separator}item{k % Good + 1}{separator}{k % 2 * 4 + 1}{separator}{1_600_000_000 + k}\n"));
        switch (which)
        {
            case "kuaisar users" or "kuaisar items":
                File.WriteAllText(_scratch["rec_inter.csv"], "user_id,item_id,playing_time,duration_ms,time,timestamp,click,forward,like,follow,search,search_item_related\n"
                    + Rows(2 * Good, k => string.Create(CultureInfo.InvariantCulture, $"{(k + 1) / 2},item{k % Good + 1},1.0,2.0,x,{1_600_000_000_000 + 1000L * k},{k % 2},0,0,0,0,0\n")));
                File.WriteAllText(_scratch["src_inter.csv"], "user_id,search_session_id,search_session_time,search_session_timestamp,keyword,search_source,item_id,click_cnt,item_type\n"
                    + "1,1,x,1600000001000,[1],x,item1,1,N\n1,1,x,1600000001000,[1],x,item2,0,N\n");
                var users = "user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2\n" + Rows(Good, k => $"{k},level{k},3,0,17\n");
                var items = "item_id,caption,author_id,item_type,upload_time,upload_type,first_level_category_name_en,second_level_category_name_en,third_level_category_name_en,fourth_level_category_name_en\n"
                    + Rows(Good, k => $"item{k},x,author{k},NORMAL,x,x,Funny,Jokes,empty,empty\n");
                File.WriteAllText(_scratch["user_features.csv"], users);
                File.WriteAllText(_scratch["item_features.csv"], items);
                return which == "kuaisar users"
                    ? new(KuaiSar.Configuration(), "user_features.csv", users, ",", "8", "level8", (",3,", ",three,"))
                    : new(KuaiSar.Configuration(), "item_features.csv", items, ",", "item8", "author8", ("author8", "eight"));
            case "amazon items":
                File.WriteAllText(_scratch["Gift_Cards_5.json"], Rows(2 * Good, k => string.Create(CultureInfo.InvariantCulture,
                    $"{{\"overall\": {k % 2 * 4 + 1}.0, \"asin\": \"item{k % Good + 1}\", \"reviewerID\": \"{(k + 1) / 2}\", \"unixReviewTime\": {1_600_000_000 + k}}}\n")));
                var products = Rows(Good, k => $"{{\"asin\": \"item{k}\", \"title\": \"Card {k}\", \"brand\": \"brand{k}\", \"category\": [\"Gifts\", \"Cards\"]}}\n");
                File.WriteAllText(_scratch["meta_Gift_Cards.json"], products);
                return new(Amazon.Configuration([_scratch["Gift_Cards_5.json"]]).Configuration, "meta_Gift_Cards.json", products, "", "item8", "brand8", ("brand8", "eight"));
            case "movielens items":
                var movies = "movieId,title,genres\n" + Rows(Good, k => $"item{k},Film {k} (1990),Drama|Crime\n");
                File.WriteAllText(_scratch["movies.csv"], movies);
                File.WriteAllText(_scratch["ratings.csv"], "userId,movieId,rating,timestamp\n" + Ratings(","));
                return new(MovieLens.Configuration(_scratch.Root, [new GenreScenario("all", "", ["Drama"])]), "movies.csv", movies, ",", "item8", "Film 8", ("1990", "of old"));
            case "movielens users":
                var viewers = Rows(Good, k => $"{k}|2{k}|F|trade{k}|00000\n");
                File.WriteAllText(_scratch["u.user"], viewers);
                File.WriteAllText(_scratch["u.item"], Rows(Good, k => $"item{k}|Film {k} (1990)|01-Jan-1990||x|{string.Join('|', Enumerable.Repeat("1", 19))}\n"));
                File.WriteAllText(_scratch["u.data"], Ratings("\t"));
                return new(MovieLens.Configuration(_scratch.Root, [new GenreScenario("all", "", ["Drama"])]), "u.user", viewers, "|", "8", "trade8", ("28", "young"));
            default:
                var things = "id,name,kind,price\n" + Rows(Good, k => $"item{k},Thing {k},kind{k},{k}.5\n");
                File.WriteAllText(_scratch["items.csv"], things);
                File.WriteAllText(_scratch["log.csv"], "user,item,rating,time\n" + Ratings(","));
                return new(Imports.Ratings() with
                {
                    Items =
                    [
                        new EntitySource
                        {
                            File = "items.csv", Key = "id", Title = ["name"], Category = ["kind"],
                            Features = [new FeatureSource { Name = "kind" }, new FeatureSource { Name = "price", Kind = FeatureKind.Numeric, Buckets = new BucketRule(Quantiles: 2) }],
                        },
                    ],
                }, "items.csv", things, ",", "item8", "kind8", ("8.5", "cheap"));
        }
    }
}
