using System.Globalization;
using System.Text;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>
/// Each known source with its log broken in each of the usual ways: what becomes of it is written beside. "same" is what the
/// unbroken log gives, a number how many rows of forty are kept, anything else how the refusal goes on.
/// </summary>
public sealed class SourceCorpusTests : IDisposable
{
    private const int Good = 40;

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string, string, string> Corpus()
    {
        (string Way, string Kuaisar, string Amazon, string Movielens, string Generic)[] table =
        [
            ("byte order mark", "same", "same", "same", "same"),
            ("CR LF", "same", "same", "same", "same"),
            ("UTF-16", "same", "same", "same", "same"),
            ("UTF-16 big-endian", Refused("UTF-16BE"), Refused("UTF-16BE"), Refused("UTF-16BE"), Refused("UTF-16BE")),
            ("UTF-32", Refused("UTF-32LE"), Refused("UTF-32LE"), Refused("UTF-32LE"), Refused("UTF-32LE")),
            ("UTF-32 big-endian", Refused("UTF-32BE"), Refused("UTF-32BE"), Refused("UTF-32BE"), Refused("UTF-32BE")),
            ("duplicate rows", "80", "same", "80", "80"),
            ("cut in its last row", "39", "39", "39", "39"),
            ("numbers in words", "39", "39", "39", "39"),
            ("negative time", "39", "39", "39", "39"),
            ("time after 2100", "39", "39", "39", "39"),
            ("time in another unit", "same", "39", "39", "same"),
            ("time as a date", "39", "39", "39", "39"),
            ("a field of 1 MB", "same", "same", "39", "same"),
            ("NUL in an id", "same", "same", "39", "same"),
            ("wrong separator", "there is no column", "there is no column", "there is no column", "there is no column"),
            ("empty", "is empty", "is empty", "is empty", "is empty"),
            ("no rows", "has no rows", "is empty", "has no rows", "has no rows"),
            ("one class", "warned", "warned", "warned", "warned"),
        ];
        var data = new TheoryData<string, string, string>();
        foreach (var (way, kuaisar, amazon, movielens, generic) in table)
        {
            foreach (var (source, expected) in new[] { ("kuaisar", kuaisar), ("amazon", amazon), ("movielens", movielens), ("generic", generic) })
                data.Add(source, way, expected);
        }
        return data;

        static string Refused(string encoding) => $"; convert it, for example with 'iconv -f {encoding} -t UTF-8'.";
    }

    [Theory, MemberData(nameof(Corpus))]
    public void ABrokenLogIsRefusedByNameOrTreatedAsWritten(string source, string way, string expected)
    {
        var (configuration, file) = Write(source);
        configuration = configuration with { MaxRejected = 1, Split = new SplitOptions(SplitKind.Global), ItemsAreComplete = source == "movielens" };
        var path = _scratch[file];
        var right = File.ReadAllText(path);
        File.WriteAllBytes(path, Broken(source, way, right));

        if (expected.Contains(' ', StringComparison.Ordinal))
        {
            var error = Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, configuration));
            Assert.Equal(FaultKind.BadInput, error.Kind);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
            return;
        }
        var data = Imports.Run(_scratch, configuration);
        var counts = data.Description.Import!.Sources.Single(s => s.File == file);
        Assert.Equal(counts.Read, counts.Kept + counts.Rejected + counts.LeftOut + counts.Duplicates);
        Assert.Equal(way == "duplicate rows" ? 2 * Good : Good, counts.Read);
        Assert.Equal(int.TryParse(expected, CultureInfo.InvariantCulture, out var kept) ? kept : Good, counts.Kept);
        Assert.Equal(counts.Rejected, File.Exists(_scratch["data.rejected.csv"]) ? File.ReadLines(_scratch["data.rejected.csv"]).Count() - 1 : 0);
        Assert.Equal(expected == "warned", data.Description.Import.Warnings.Any(w => w.StartsWith("In the scenario ", StringComparison.Ordinal)));
        if (expected == "same" && way is not ("a field of 1 MB" or "NUL in an id" or "duplicate rows"))
        {
            File.WriteAllText(path, right);
            Assert.Equal(data.Rows(), Imports.Run(_scratch, configuration, output: "right").Rows());
        }
    }

    private static byte[] Broken(string source, string way, string right)
    {
        var lines = right.TrimEnd('\n').Split('\n').ToList();
        var json = source == "amazon";
        string WithLast(string from, string to) => string.Join('\n', [.. lines.SkipLast(1), lines[^1].Replace(from, to, StringComparison.Ordinal)]) + "\n";
        var time = source == "kuaisar" ? "1600000039000" : "1600000039"; // of the last row
        var text = way switch
        {
            "CR LF" => right.ReplaceLineEndings("\r\n"),
            "duplicate rows" => right + string.Join('\n', json ? lines : lines.Skip(1)) + "\n",
            "cut in its last row" => right[..^15],
            "numbers in words" => source switch { "kuaisar" => WithLast(",1,1,1,", ",yes,1,1,"), "amazon" => WithLast("5.0", "\"five\""), _ => WithLast(",5,", ",five,") },
            "negative time" => WithLast(time, "-" + time),
            "time after 2100" => WithLast(time, source == "kuaisar" ? "9600000039000" : "9600000039"),
            "time in another unit" => source == "kuaisar" ? WithLast(time, "1600000039000.0") : WithLast(time, "1600000039000"),
            "time as a date" => WithLast(time, json ? "\"2020-09-13\"" : "2020-09-13"),
            "a field of 1 MB" => WithLast("item39", "item39" + new string('x', 1 << 20)),
            "NUL in an id" => WithLast("item39", json ? "item\\u000039" : "item\039"),
            "wrong separator" => json ? right.Replace("\": ", "\"; ", StringComparison.Ordinal) : right.Replace(',', ';'),
            "empty" => "",
            "no rows" => json ? "" : lines[0] + "\n",
            "one class" => source == "kuaisar" ? right.Replace(",0,0,0,", ",1,0,0,", StringComparison.Ordinal) : right.Replace(json ? "1.0" : ",1,", json ? "5.0" : ",5,", StringComparison.Ordinal),
            _ => right,
        };
        return way switch
        {
            "byte order mark" => [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)],
            "UTF-16" => [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(text)],
            "UTF-16 big-endian" => [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes(text)],
            "UTF-32" => [.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes(text)],
            "UTF-32 big-endian" => [.. new UTF32Encoding(bigEndian: true, byteOrderMark: true).Preamble, .. new UTF32Encoding(bigEndian: true, byteOrderMark: true).GetBytes(text)],
            _ => Encoding.UTF8.GetBytes(text),
        };
    }

    /// <summary>Forty rows of each source; every second one is clicked, the last one too.</summary>
    private (ImportConfiguration, string File) Write(string source)
    {
        static string Rows(Func<int, string> row) => string.Concat(Enumerable.Range(0, Good).Select(row));
        static string Rating(int k) => k % 2 == 1 ? "5" : "1";
        switch (source)
        {
            case "kuaisar":
                File.WriteAllText(_scratch["rec_inter.csv"], "user_id,item_id,playing_time,duration_ms,time,timestamp,click,forward,like,follow,search,search_item_related\n"
                    + Rows(k => FormattableString.Invariant($"{k % 4},item{k},1.0,2.0,x,{1_600_000_000_000 + 1000L * k},{(k % 2 == 1 ? "1,1,1" : "0,0,0")},0,0,0\n")));
                File.WriteAllText(_scratch["src_inter.csv"], "user_id,search_session_id,search_session_time,search_session_timestamp,keyword,search_source,item_id,click_cnt,item_type\n"
                    + "1,1,x,1600000001000,[1],x,item1,1,N\n1,1,x,1600000001000,[1],x,item2,0,N\n");
                File.WriteAllText(_scratch["user_features.csv"], "user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2\n1,2,3,0,17\n");
                File.WriteAllText(_scratch["item_features.csv"], "item_id,caption,author_id,item_type,upload_time,upload_type,first_level_category_name_en,second_level_category_name_en,third_level_category_name_en,fourth_level_category_name_en\n"
                    + "item1,[1],7,NORMAL,x,x,Funny,empty,empty,empty\n");
                return (KuaiSar.Configuration(), "rec_inter.csv");
            case "amazon":
                File.WriteAllText(_scratch["Gift_Cards_5.json"], Rows(k => FormattableString.Invariant(
                    $"{{\"overall\": {Rating(k)}.0, \"asin\": \"item{k}\", \"reviewerID\": \"u{k % 4}\", \"unixReviewTime\": {1_600_000_000 + k}}}\n")));
                return (Amazon.Configuration([_scratch["Gift_Cards_5.json"]]).Configuration, "Gift_Cards_5.json");
            case "movielens":
                File.WriteAllText(_scratch["movies.csv"], "movieId,title,genres\n" + Rows(k => FormattableString.Invariant($"item{k},Film {k} (1990),Drama\n")));
                File.WriteAllText(_scratch["ratings.csv"], "userId,movieId,rating,timestamp\n" + Rows(k => FormattableString.Invariant($"{k % 4},item{k},{Rating(k)},{1_600_000_000 + k}\n")));
                return (MovieLens.Configuration(_scratch.Root, [new GenreScenario("all", "", ["Drama"])]), "ratings.csv");
            default:
                File.WriteAllText(_scratch["log.csv"], "user,item,rating,time\n" + Rows(k => FormattableString.Invariant($"{k % 4},item{k},{Rating(k)},{1_600_000_000 + k}\n")));
                return (Imports.Ratings(), "log.csv");
        }
    }
}
