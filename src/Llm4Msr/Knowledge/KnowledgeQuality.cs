using System.Text;
using TorchSharp;

namespace Llm4Msr.Knowledge;

/// <summary>How much the knowledge of one level says, as far as figures can tell.</summary>
/// <param name="SharedTexts">Share of records whose text some other user or scenario has too.</param>
/// <param name="SharedOpenings">The same of the first words.</param>
/// <param name="CutPrompts">Share of records whose prompt had to leave items out.</param>
/// <param name="MeanPromptTokens">Per record.</param>
/// <param name="MeanNewTokens">Per record.</param>
/// <param name="EffectiveRank">By state: in how many directions its vectors differ (see <see cref="KnowledgeQuality.EffectiveRank"/>).</param>
public sealed record LevelQuality(
    long Records, double SharedTexts, double SharedOpenings, double CutPrompts, double MeanPromptTokens, double MeanNewTokens,
    IReadOnlyDictionary<string, double> EffectiveRank);

/// <summary>The figures of <c>knowledge stats</c>: poor knowledge shows in them before a model is trained on it.</summary>
/// <param name="SharesBySnapshots">By number of snapshots, the share of the users that have so many.</param>
public sealed record KnowledgeQuality(LevelQuality Users, LevelQuality Scenarios, IReadOnlyDictionary<int, double> SharesBySnapshots)
{
    /// <summary>Records that the effective rank is taken from, spread evenly: enough for a rank of some hundreds.</summary>
    private const int MostSampled = 2_000;

    private const int WordsOfOpening = 6;
    private const double RoundingOfTheMean = 1e-12;

    /// <summary>Reads every record of the store once.</summary>
    public static KnowledgeQuality Of(KnowledgeStore store)
    {
        var levels = Enum.GetValues<KnowledgeLevel>().Select(level => new Tally(store, level)).ToArray();
        foreach (var record in store.Records())
            levels[(int)record.Key.Level].Add(record);

        var snapshots = store.Snapshots.Where(s => s.Key.Level == KnowledgeLevel.User).GroupBy(s => s.Key).Select(g => g.Count()).ToList();
        var shares = snapshots.GroupBy(count => count).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Count() / (double)snapshots.Count);
        return new(levels[(int)KnowledgeLevel.User].Result(), levels[(int)KnowledgeLevel.Scenario].Result(), shares);
    }

    /// <summary>
    /// The exponential of the entropy of the normalised singular values of the centred matrix: 1 where all rows lie on a line,
    /// H where they differ alike in all directions, 0 where they do not differ.
    /// </summary>
    /// <param name="matrix">[rows, width], row-major.</param>
    public static double EffectiveRank(float[] matrix, int width)
    {
        if (matrix.Length == 0)
            return 0;
        using var scope = torch.NewDisposeScope();
        var rows = torch.tensor(matrix, [matrix.Length / width, width]).to(torch.ScalarType.Float64);
        var singular = torch.linalg.svdvals(rows - rows.mean([0], keepdim: true));
        var sum = singular.sum().item<double>();
        if (sum <= RoundingOfTheMean * rows.abs().sum().item<double>())
            return 0;
        var shares = singular / sum;
        return Math.Exp(-torch.xlogy(shares, shares).sum().item<double>());
    }

    private sealed class Tally(KnowledgeStore store, KnowledgeLevel level)
    {
        private readonly long _step = Math.Max(1, store.Snapshots.Count(s => s.Key.Level == level) / MostSampled);
        private readonly List<float>[] _samples = [.. store.Fingerprint.States.Select(_ => new List<float>())];
        private readonly SharedAmong _texts = new(), _openings = new();
        private long _records, _cut, _promptTokens, _newTokens;

        public void Add(KnowledgeRecord record)
        {
            if (_records++ % _step == 0)
            {
                for (var s = 0; s < _samples.Length; s++)
                    _samples[s].AddRange(record.Vectors[s]);
            }
            _cut += record.CutItems > 0 ? 1 : 0;
            _promptTokens += record.PromptTokens;
            _newTokens += record.NewTokens;
            _texts.Add(record.Text, record.Key);
            _openings.Add(string.Join(' ', record.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(WordsOfOpening)), record.Key);
        }

        public LevelQuality Result() => new(
            _records, _texts.Share, _openings.Share, PerRecord(_cut), PerRecord(_promptTokens), PerRecord(_newTokens),
            store.Fingerprint.States.Zip(_samples, (state, sample) => (state, EffectiveRank([.. sample], store.Fingerprint.WidthOf(level)))).ToDictionary());

        private double PerRecord(long sum) => _records == 0 ? 0 : sum / (double)_records;
    }

    /// <summary>Which share of texts belongs to more than one key; of a user's unchanged prompt the same text twice is no finding.</summary>
    private sealed class SharedAmong
    {
        private readonly Dictionary<Hash256, (KnowledgeKey First, long Count, bool Shared)> _byText = [];

        public double Share => _byText.Count == 0 ? 0 : _byText.Values.Sum(v => v.Shared ? v.Count : 0) / (double)_byText.Values.Sum(v => v.Count);

        public void Add(string text, KnowledgeKey key)
        {
            var hash = Hash256.Of(Encoding.UTF8.GetBytes(text));
            _byText[hash] = _byText.TryGetValue(hash, out var known) ? (known.First, known.Count + 1, known.Shared || known.First != key) : (key, 1, false);
        }
    }
}
