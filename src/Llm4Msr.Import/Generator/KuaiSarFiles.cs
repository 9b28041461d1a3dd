using Llm4Msr.Platform;

namespace Llm4Msr.Import.Generator;

/// <summary>Writes generated data as the five files of KuaiSAR, column by column as its authors publish them.</summary>
/// <remarks>
/// An item's first category is its first topic, the second that topic's word, the third and fourth the same of its second
/// topic where it has one. Whatever follows from a click (reactions, playing time) is drawn from the click and not from the interest.
/// </remarks>
internal sealed class KuaiSarFiles(GeneratedData data, string folder, Action<double, string> report)
{
    public const string Format = "llm4msr-kuaisar/1";

    private const int Recommendation = 0, Search = 1, RowsPerReport = 1 << 14;

    private static readonly string[] s_levels = ["first", "second", "third", "fourth"];
    private static readonly byte[][] s_sources = [.. new[] { "USER_INPUT", "USER_INPUT", "SEARCH_HISTORY", "RELATED_QUERY", "HOT_QUERY" }.Select(CsvBytes.Utf8)];
    private static readonly byte[][] s_uploads = [.. new[] { "ShortImport", "LongImport", "ShortCamera", "LongCamera", "PictureSet" }.Select(CsvBytes.Utf8)];
    private static readonly byte[] s_video = CsvBytes.Utf8("VIDEO"), s_album = CsvBytes.Utf8("IMAGE_ATLAS"), s_live = CsvBytes.Utf8("LIVE"),
        s_normal = CsvBytes.Utf8("NORMAL"), s_empty = CsvBytes.Utf8("empty");

    private readonly GeneratorOptions _options = data.Options;
    private readonly Draws _itemFeatures = new(data.Options.Seed, Purpose.ItemFeatures);
    private double _done;

    /// <summary>How many lines <see cref="Write"/> writes, about.</summary>
    public static double Lines(GeneratorOptions options) => options.Scenarios.Sum(s => (double)s.Interactions) + options.AllItems;

    public void Write()
    {
        if (_options.Scenarios.Count != 2)
            throw new Llm4MsrException(FaultKind.Usage, $"The files of KuaiSAR have two scenarios, recommendation and search; {_options.Scenarios.Count} were generated. Write prepared data.");
        WriteRecommendation();
        WriteSearch();
        WriteSocialNetwork();
        WriteUsers();
        WriteItems();
    }

    private void WriteRecommendation()
    {
        using var csv = Open("rec_inter.csv", "user_id,item_id,playing_time,duration_ms,time,timestamp,click,forward,like,follow,search,search_item_related");
        var rows = data.Scenarios[Recommendation];
        var reactions = new Draws(_options.Seed, Purpose.Reactions, Recommendation);
        var clock = new Clock();
        for (var user = 0; user < _options.Users; user++)
        {
            for (var row = rows.FirstRow[user]; row < rows.FirstRow[user + 1]; row++)
            {
                var bits = reactions.Bits(row);
                var clicked = rows.Clicked[row];
                var duration = 5_000 + (int)(_itemFeatures.Bits(rows.Item[row]) % 115_000);
                var played = clicked ? duration / 4 + SplitMixing.Below(duration, bits << 32) : SplitMixing.Below(duration / 4, bits << 32);
                var searched = (bits & 0x7F) == 0;
                csv.Number(user + 1).Number(rows.Item[row] + 1).Number(played).Number(duration)
                    .Text(clock.Text(rows.Millisecond[row])).Number(GeneratedData.Start * 1000 + rows.Millisecond[row])
                    .Number(clicked ? 1 : 0).Number(clicked && (bits >> 8 & 0x7F) == 0 ? 1 : 0).Number(clicked && (bits >> 16 & 0x1F) == 0 ? 1 : 0)
                    .Number(clicked && (bits >> 24 & 0xFF) == 0 ? 1 : 0).Number(searched ? 1 : 0).Number(searched && (bits & 0x80) == 0 ? 1 : 0).End();
                Done("rec_inter.csv");
            }
        }
    }

    private void WriteSearch()
    {
        using var csv = Open("src_inter.csv", "user_id,search_session_id,search_session_time,search_session_timestamp,keyword,search_source,item_id,click_cnt,item_type");
        var rows = data.Scenarios[Search];
        var (reactions, sessions) = (new Draws(_options.Seed, Purpose.Reactions, Search), 0);
        var (clock, keyword, source) = (new Clock(), Array.Empty<int>(), s_sources[0]);
        for (var user = 0; user < _options.Users; user++)
        {
            for (var row = rows.FirstRow[user]; row < rows.FirstRow[user + 1]; row++)
            {
                var bits = reactions.Bits(row);
                if (row == rows.FirstRow[user] || rows.Millisecond[row] != rows.Millisecond[row - 1])
                {
                    sessions++;
                    keyword = WordsOf(rows.Item[row]);
                    source = s_sources[SplitMixing.Below(s_sources.Length, bits)];
                }
                var clicks = rows.Clicked[row] ? 1 + ((bits & 7) == 0 ? 1 : 0) : 0;
                csv.Number(user + 1).Number(sessions).Text(clock.Text(rows.Millisecond[row])).Number(GeneratedData.Start * 1000 + rows.Millisecond[row])
                    .List(keyword).Text(source).Number(rows.Item[row] + 1).Number(clicks).Text(TypeOf(rows.Item[row])).End();
                Done("src_inter.csv");
            }
        }
    }

    private void WriteSocialNetwork()
    {
        const int MostFollowed = 8;
        using var csv = Open("social_network.csv", "user_id,user_follow_id");
        var follows = new Draws(_options.Seed, Purpose.Follows);
        for (var user = 0; user < _options.Users; user++)
        {
            var count = Math.Min(follows.Below(MostFollowed, (long)user * MostFollowed), _options.Users - 1);
            var width = (_options.Users - 1) / Math.Max(1, count);
            for (var k = 0; k < count; k++)
            {
                // Each from a part of its own of the circle of users: nobody twice, and never oneself.
                var step = 1 + k * width + follows.Below(width, (long)user * MostFollowed + k + 1);
                csv.Number(user + 1).Number((user + step) % _options.Users + 1).End();
            }
        }
    }

    private void WriteUsers()
    {
        using var csv = Open("user_features.csv", "user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2");
        for (var user = 0; user < _options.Users; user++)
        {
            var (one, other) = UserFeatures.Of(_options, user);
            csv.Number(user + 1).Number(data.Activity.Level(user, Search)).Number(data.Activity.Level(user, Recommendation)).Number(one).Number(other).End();
        }
    }

    private void WriteItems()
    {
        const int LongestAgo = 400;
        using var csv = Open("item_features.csv", "item_id,caption,author_id,item_type,upload_time,upload_type,"
            + string.Join(',', s_levels.Select(level => $"{level}_level_category_id,{level}_level_category_name,{level}_level_category_name_en")));
        byte[][] names = [.. _options.Topics.Select(t => CsvBytes.Utf8(t.Name))];
        byte[][][] words = [.. _options.Topics.Select(t => t.Words.Select(CsvBytes.Utf8).ToArray())];
        byte[][] days = [.. Enumerable.Range(0, LongestAgo).Select(ago => CsvBytes.Utf8(DateTimeOffset.FromUnixTimeSeconds(GeneratedData.Start).AddDays(-ago).ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd", null)))];
        var mostWords = _options.Topics.Max(t => t.Words.Count);
        for (var item = 0; item < _options.AllItems; item++)
        {
            var (bits, topics) = (_itemFeatures.Bits(item), data.Truth.Describe(item));
            csv.Number(item + 1).List(WordsOf(item)).Number(1 + SplitMixing.Below(1 + _options.AllItems / 20, bits)).Text(s_normal)
                .Text(days[bits % LongestAgo]).Text(s_uploads[(bits >> 16) % (ulong)s_uploads.Length]);
            Category(topics.Main, topics.MainWord);
            Category(topics.Side, topics.SideWord);
            csv.End();
            Done("item_features.csv");
        }

        void Category(int topic, int word)
        {
            var (name, finer) = topic < 0 ? (s_empty, s_empty) : (names[topic], words[topic][word]);
            csv.Number(topic + 1).Text(name).Text(name);
            csv.Number(topic < 0 ? 0 : topic * mostWords + word + 1).Text(finer).Text(finer);
        }
    }

    /// <summary>The anonymous words of an item's caption: those of its topics, and one that says nothing.</summary>
    private int[] WordsOf(int item)
    {
        const int Topic = 100, Nothing = 100_000;
        var topics = data.Truth.Describe(item);
        var filler = Nothing + (int)(_itemFeatures.Bits(item) >> 40 & 0x3FF);
        return topics.Side < 0
            ? [Topic * (topics.Main + 1) + topics.MainWord, filler]
            : [Topic * (topics.Main + 1) + topics.MainWord, Topic * (topics.Side + 1) + topics.SideWord, filler];
    }

    private byte[] TypeOf(int item) => (_itemFeatures.Bits(item) >> 32 & 0xF) switch
    {
        0 => s_live,
        1 or 2 => s_album,
        _ => s_video,
    };

    private CsvBytes Open(string name, string header)
    {
        var csv = new CsvBytes(new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0));
        csv.Text(CsvBytes.Utf8(header)).End();
        return csv;
    }

    private void Done(string file)
    {
        if (++_done % RowsPerReport == 0)
            report(_done, file);
    }

    /// <summary>Times as people in Beijing read them; the date is spelled once a day.</summary>
    private sealed class Clock
    {
        private const int ADay = 24 * 3600 * 1000;

        private readonly byte[] _text = CsvBytes.Utf8("2023-05-22 00:00:00");
        private int _day = -1;

        public ReadOnlySpan<byte> Text(int millisecond)
        {
            if (millisecond / ADay != _day)
            {
                _day = millisecond / ADay;
                CsvBytes.Utf8(DateTimeOffset.FromUnixTimeSeconds(GeneratedData.Start).ToOffset(TimeSpan.FromHours(8)).AddDays(_day).ToString("yyyy-MM-dd", null)).CopyTo(_text, 0);
            }
            var second = millisecond % ADay / 1000;
            Two(11, second / 3600);
            Two(14, second / 60 % 60);
            Two(17, second % 60);
            return _text;
        }

        private void Two(int at, int value) => (_text[at], _text[at + 1]) = ((byte)('0' + value / 10), (byte)('0' + value % 10));
    }
}

/// <summary>Two features of users that say nothing about what they like.</summary>
internal static class UserFeatures
{
    public static (int One, int Other) Of(GeneratorOptions options, int user)
    {
        var bits = new Draws(options.Seed, Purpose.UserFeatures).Bits(user);
        return ((int)(bits % 3), (int)((bits >> 32) % 8));
    }
}
