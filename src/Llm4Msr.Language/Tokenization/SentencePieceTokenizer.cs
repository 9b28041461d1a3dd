using System.Globalization;
using System.Text;

namespace Llm4Msr.Language.Tokenization;

/// <summary>SentencePiece: BPE by score, or the likeliest cut of a text (unigram), with bytes for what no piece has.</summary>
/// <remarks>
/// Own code because Microsoft.ML.Tokenizers 2.0.1 gives other ids for the bytes of a unigram model, and cannot take the
/// pieces of a GGUF file.
/// </remarks>
internal sealed class SentencePieceTokenizer : ITokenizer
{
    private const char Space = '\u2581';
    private const float UnknownPenalty = 10;

    private readonly SentencePieceContent _content;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _pieces; // that a text may become
    private readonly Dictionary<string, int> _special;
    private readonly string[] _specialLongestFirst;
    private readonly string[] _userDefinedLongestFirst;
    private readonly int[] _bytes; // the id of each byte; empty where there are none
    private readonly int _unknown;
    private readonly int _longest;
    private readonly float _leastScore;
    private readonly float _mostScore;

    public SentencePieceTokenizer(SentencePieceContent content)
    {
        _content = content;
        Hash = content.Hash();
        var ids = content.Pieces.Select((piece, id) => (piece.Text, piece.Score, piece.Kind, Id: id)).ToList();
        var words = ids.Where(p => p.Kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused).ToList();
        _pieces = words.ToDictionary(p => p.Text, p => p.Id, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        // Names in brackets that a model was given for its own use: in a frame they are meant, in what people wrote they are not.
        var special = ids.Where(p => p.Kind == PieceKind.Control || (p.Kind == PieceKind.UserDefined && IsInBrackets(p.Text))).ToList();
        _special = special.ToDictionary(p => p.Text, p => p.Id, StringComparer.Ordinal);
        _specialLongestFirst = [.. special.Select(p => p.Text).OrderByDescending(t => t.Length)];
        _userDefinedLongestFirst = [.. words.Where(p => p.Kind == PieceKind.UserDefined && !IsInBrackets(p.Text)).Select(p => p.Text).OrderByDescending(t => t.Length)];
        _bytes = [.. ids.Where(p => p.Kind == PieceKind.Byte).OrderBy(p => ByteOf(p.Text)).Select(p => p.Id)];
        _unknown = ids.Single(p => p.Kind == PieceKind.Unknown).Id;
        _longest = words.Count == 0 ? 0 : words.Max(p => p.Text.Length);
        var scores = words.Where(p => p.Kind == PieceKind.Normal).Select(p => p.Score).DefaultIfEmpty(0).ToList();
        (_leastScore, _mostScore) = (scores.Min(), scores.Max());
    }

    public string Description => _content.IsUnigram ? "SentencePiece unigram" : "SentencePiece BPE";

    public int VocabularySize => _content.Pieces.Count;

    public string Hash { get; }

    public int? BeginToken => _content.BeginToken;

    public int? Special(string token) => _special.TryGetValue(token, out var id) ? id : null;

    /// <returns>The byte that "&lt;0x0A&gt;" spells, or null.</returns>
    public static byte? ByteOf(string piece) =>
        piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
        && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;

    public int[] Encode(params ReadOnlySpan<TextPart> parts)
    {
        var ids = new List<int>();
        var text = new StringBuilder();
        var begins = true; // after a control token, as at the start; a user-defined name is part of the text
        foreach (var part in parts)
        {
            var rest = part.Text.AsSpan();
            while (part.IsFrame && SpecialNames.Next(rest, _specialLongestFirst) is var (start, token))
            {
                text.Append(rest[..start]);
                EncodeText();
                ids.Add(_special[token]);
                begins = _content.Pieces[_special[token]].Kind == PieceKind.Control;
                rest = rest[(start + token.Length)..];
            }
            text.Append(rest);
        }
        EncodeText();
        return [.. ids];

        void EncodeText()
        {
            if (text.Length > 0)
            {
                EncodeNormalised(Normalise(text.ToString(), begins), ids);
                begins = false;
            }
            text.Clear();
        }
    }

    /// <summary>
    /// Bytes that are not UTF-8 become U+FFFD each; of a space that was read before a text nothing remains; what is unknown
    /// is shown as U+2047 between spaces.
    /// </summary>
    public string Decode(IEnumerable<int> ids, bool withControl = false)
    {
        var text = new StringBuilder();
        List<byte> bytes = [];
        var atStart = true;
        foreach (var id in ids.Where(id => id < _content.Pieces.Count)) // a table of embeddings may be longer than the vocabulary
        {
            var (piece, _, kind) = _content.Pieces[id];
            if (kind == PieceKind.Byte)
            {
                bytes.Add(ByteOf(piece)!.Value);
                continue;
            }
            AppendBytes();
            if (text.Length > 0)
                atStart = false;
            switch (kind)
            {
                case PieceKind.Control:
                    text.Append(withControl ? piece : "");
                    break;
                case PieceKind.Unknown:
                    text.Append(" \u2047 ");
                    break;
                default:
                    var strip = atStart && (_content.SpaceFirst || _content.SingleSpaces) && piece[0] == Space;
                    atStart &= !strip || _content.SingleSpaces;
                    text.Append(piece.AsSpan(strip ? 1 : 0).ToString().Replace(Space, ' '));
                    break;
            }
        }
        AppendBytes();
        return text.ToString();

        void AppendBytes()
        {
            for (var rest = bytes.ToArray().AsSpan(); rest.Length > 0;)
            {
                var valid = Rune.DecodeFromUtf8(rest, out var rune, out var length) == System.Buffers.OperationStatus.Done;
                text.Append(valid ? rune.ToString() : "\uFFFD");
                rest = rest[(valid ? length : 1)..];
            }
            bytes.Clear();
        }
    }

    private string Normalise(string text, bool begins)
    {
        text = _content.Characters.Apply(SpecialNames.WithoutLoneSurrogates(text));
        if (_content.SingleSpaces)
            text = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        if (text.Length == 0)
            return "";
        return (_content.SpaceFirst && begins ? " " + text : text).Replace(' ', Space);
    }

    private void EncodeNormalised(string text, List<int> ids)
    {
        var symbols = _content.IsUnigram ? LikeliestCut(text) : Merge(text);
        var unknownBefore = false;
        foreach (var (first, length, id) in symbols)
        {
            if (id == _unknown && _bytes.Length > 0)
            {
                foreach (var value in Encoding.UTF8.GetBytes(text.Substring(first, length)))
                    ids.Add(_bytes[value]);
            }
            else if (id != _unknown || !unknownBefore) // what is unknown in a row is one token
            {
                ids.Add(id);
            }
            unknownBefore = id == _unknown && _bytes.Length == 0;
        }
    }

    /// <summary>Viterbi over all pieces at all places; a character that is no piece costs a little more than the rarest one.</summary>
    private List<(int First, int Length, int Id)> LikeliestCut(string text)
    {
        var best = new (float Score, int From, int Id)[text.Length + 1];
        Array.Fill(best, (0, -1, -1));
        for (var start = 0; start < text.Length;)
        {
            var character = CharacterLength(text, start);
            var alone = false;
            for (var length = 1; length <= Math.Min(_longest, text.Length - start); length++)
            {
                if (!_pieces.TryGetValue(text.AsSpan(start, length), out var id) || _content.Pieces[id].Kind == PieceKind.Unused)
                    continue;
                // In double precision and then rounded, as the original computes it.
                var score = _content.Pieces[id].Kind == PieceKind.UserDefined
                    ? Encoding.UTF8.GetByteCount(text.AsSpan(start, length)) * _mostScore - 0.1
                    : _content.Pieces[id].Score;
                Offer(start + length, score + best[start].Score, start, id);
                alone |= length == character;
            }
            if (!alone)
                Offer(start + character, _leastScore - UnknownPenalty + best[start].Score, start, _unknown);
            start += character;
        }

        List<(int, int, int)> cut = [];
        for (var end = text.Length; end > 0; end = best[end].From)
            cut.Add((best[end].From, end - best[end].From, best[end].Id));
        cut.Reverse();
        return cut;

        void Offer(int end, double score, int from, int id)
        {
            if (best[end].From < 0 || score > best[end].Score)
                best[end] = ((float)score, from, id);
        }
    }

    /// <summary>Neighbours that are a piece together are joined, the best score first, of equal ones the leftmost.</summary>
    private List<(int First, int Length, int Id)> Merge(string text)
    {
        List<(int First, int Length, bool Frozen)> symbols = [];
        for (var i = 0; i < text.Length;)
        {
            var name = SpecialNames.At(text.AsSpan(i), _userDefinedLongestFirst);
            var length = name?.Length ?? CharacterLength(text, i);
            symbols.Add((i, length, name is not null));
            i += length;
        }
        var count = symbols.Count;
        var lengths = symbols.Select(s => s.Length).ToArray(); // 0 once it is part of the symbol before it
        var next = Enumerable.Range(1, count).ToArray();
        var previous = Enumerable.Range(-1, count).ToArray();
        var joined = new Dictionary<string, (string Left, string Right)>(StringComparer.Ordinal); // of pieces that must be taken apart again
        var candidates = new PriorityQueue<(int Left, int Right, int Length), (float, int)>();
        for (var i = 0; i + 1 < count; i++)
            Offer(i, i + 1);
        while (candidates.TryDequeue(out var pair, out _))
        {
            var (left, right, length) = pair;
            if (lengths[left] == 0 || lengths[right] == 0 || lengths[left] + lengths[right] != length)
                continue;
            lengths[left] = length;
            lengths[right] = 0;
            next[left] = next[right];
            if (next[right] < count)
                previous[next[right]] = left;
            if (previous[left] >= 0)
                Offer(previous[left], left);
            if (next[left] < count)
                Offer(left, next[left]);
        }

        List<(int, int, int)> result = [];
        for (var i = 0; i < count; i = next[i])
            Add(symbols[i].First, lengths[i]);
        return result;

        void Offer(int left, int right)
        {
            if (symbols[left].Frozen || symbols[right].Frozen)
                return;
            var length = lengths[left] + lengths[right];
            var together = text.AsSpan(symbols[left].First, length);
            if (!_pieces.TryGetValue(together, out var id))
                return;
            candidates.Enqueue((left, right, length), (-_content.Pieces[id].Score, left));
            if (_content.Pieces[id].Kind == PieceKind.Unused)
                joined[together.ToString()] = (text.Substring(symbols[left].First, lengths[left]), text.Substring(symbols[right].First, lengths[right]));
        }

        void Add(int first, int length)
        {
            var id = _pieces.TryGetValue(text.AsSpan(first, length), out var found) ? found : _unknown;
            if (id != _unknown && _content.Pieces[id].Kind == PieceKind.Unused && joined.TryGetValue(_content.Pieces[id].Text, out var parts))
            {
                Add(first, parts.Left.Length);
                Add(first + parts.Left.Length, parts.Right.Length);
                return;
            }
            result.Add((first, length, id));
        }
    }

    private static int CharacterLength(string text, int start) => char.IsHighSurrogate(text[start]) ? 2 : 1;

    private static bool IsInBrackets(string text) => text.Length > 2 && (text[0], text[^1]) is ('<', '>') or ('[', ']');
}
