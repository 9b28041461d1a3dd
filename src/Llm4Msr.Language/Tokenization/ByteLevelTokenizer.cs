using System.Text;
using Microsoft.ML.Tokenizers;

namespace Llm4Msr.Language.Tokenization;

/// <summary>Byte-level BPE: text to token ids and back.</summary>
/// <remarks>
/// Merging is Microsoft.ML.Tokenizers' work; its time grows with the square of the longest run without a space, so cut
/// what people wrote (64 KB in one run take about a second). Bytes that the vocabulary lacks are left out, as the
/// models' own tokenizers do. Safe for use by several threads.
/// </remarks>
internal sealed class ByteLevelTokenizer : ITokenizer
{
    private static readonly char[] s_characterOfByte = CharactersOfBytes();

    private readonly VocabularyContent _content;
    private readonly BpeTokenizer _bpe;
    private readonly ByteLevelPreTokenizer _pieces;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _whole; // by spelling; null where all pieces are merged
    private readonly byte[][] _bytes; // by id
    private readonly Dictionary<string, int> _special;
    private readonly string[] _specialLongestFirst;

    public ByteLevelTokenizer(VocabularyContent content, string path)
    {
        _content = content;
        Hash = content.Hash();
        _pieces = ByteLevelPreTokenizer.ByName(content.PreTokenizer, path);
        var ids = content.Tokens.Select((token, id) => (Token: token, Id: id, Kind: content.Kinds[id])).ToList();
        _bpe = BpeTokenizer.Create(new BpeOptions(
            ids.Where(t => t.Kind == TokenKind.Text).Select(t => KeyValuePair.Create(t.Token, t.Id)))
        {
            Merges = content.Merges,
            ByteLevel = true,
            PreTokenizer = _pieces,
        });
        if (content.WholePiecesFirst)
            _whole = ids.Where(t => t.Kind == TokenKind.Text).ToDictionary(t => t.Token, t => t.Id, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _special = ids.Where(t => t.Kind != TokenKind.Text).ToDictionary(t => t.Token, t => t.Id, StringComparer.Ordinal);
        _specialLongestFirst = [.. _special.Keys.OrderByDescending(t => t.Length)];
        _bytes = [.. ids.Select(t => t.Kind == TokenKind.Text ? BytesOf(t.Token) : Encoding.UTF8.GetBytes(t.Token))];
    }

    public string Description => $"byte-level BPE, {_content.PreTokenizer}";

    public int VocabularySize => _bytes.Length;

    public string Hash { get; }

    public int? BeginToken => _content.BeginToken;

    public int? Special(string token) => _special.TryGetValue(token, out var id) ? id : null;

    public int[] Encode(params ReadOnlySpan<TextPart> parts)
    {
        var ids = new List<int>();
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            var rest = part.Text.AsSpan();
            while (part.IsFrame && SpecialNames.Next(rest, _specialLongestFirst) is var (start, token))
            {
                text.Append(rest[..start]);
                EncodeText();
                ids.Add(_special[token]);
                rest = rest[(start + token.Length)..];
            }
            text.Append(rest);
        }
        EncodeText();
        return [.. ids];

        void EncodeText()
        {
            if (text.Length > 0)
                Encode(SpecialNames.WithoutLoneSurrogates(text.ToString()), ids);
            text.Clear();
        }
    }

    private void Encode(string text, List<int> ids)
    {
        if (_content.Composed)
            text = Nfc.Compose(text);
        if (_whole is not { } whole)
        {
            ids.AddRange(_bpe.EncodeToIds(text));
            return;
        }
        foreach (var (offset, length) in _pieces.PreTokenize(text))
        {
            var piece = text.Substring(offset, length);
            if (whole.TryGetValue(string.Concat(Encoding.UTF8.GetBytes(piece).Select(b => s_characterOfByte[b])), out var id))
                ids.Add(id);
            else
                ids.AddRange(_bpe.EncodeToIds(piece));
        }
    }

    public string Decode(IEnumerable<int> ids, bool withControl = false)
    {
        using var bytes = new MemoryStream();
        foreach (var id in ids)
        {
            if (id < _bytes.Length && (withControl || _content.Kinds[id] != TokenKind.Control)) // a table of embeddings may be longer than the vocabulary
                bytes.Write(_bytes[id]);
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>Tokens of text that are not spelled in byte characters stand for themselves.</summary>
    private static byte[] BytesOf(string token)
    {
        var bytes = token.Select(c => Array.IndexOf(s_characterOfByte, c)).ToArray();
        return bytes.Contains(-1) ? Encoding.UTF8.GetBytes(token) : [.. bytes.Select(b => (byte)b)];
    }

    /// <summary>GPT-2's spelling of bytes: printable Latin-1 as itself, the other 68 from U+0100 on.</summary>
    private static char[] CharactersOfBytes()
    {
        var next = (char)0x100;
        return [.. Enumerable.Range(0, 256).Select(b => b is >= '!' and <= '~' or >= '¡' and <= '¬' or >= '®' and <= 'ÿ' ? (char)b : next++)];
    }
}
