using System.Security.Cryptography;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tokenization;

/// <summary>What SentencePiece takes a piece for; the numbers are those of its files, and of GGUF's.</summary>
internal enum PieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,

    /// <summary>Found in a text before anything else.</summary>
    UserDefined = 4,

    Unused = 5,

    /// <summary>One byte, spelled <c>&lt;0x0A&gt;</c>, for characters that no piece has.</summary>
    Byte = 6,
}

/// <param name="Score">Higher is better: the logarithm of a probability (unigram), or minus the rank of a merge (BPE).</param>
internal readonly record struct Piece(string Text, float Score, PieceKind Kind);

/// <summary>What a file says about its SentencePiece tokenizer.</summary>
/// <param name="Pieces">By id; a space is spelled U+2581.</param>
/// <param name="IsUnigram">Whether the likeliest cut of a text is taken (unigram), or pieces are merged by score (BPE).</param>
/// <param name="SpaceFirst">Whether a text is read as if a space stood before it.</param>
/// <param name="SingleSpaces">Whether spaces at the ends are left out and several are read as one.</param>
/// <param name="BeginToken">The token that opens a text where the files ask for one.</param>
internal sealed record SentencePieceContent(IReadOnlyList<Piece> Pieces, bool IsUnigram, bool SpaceFirst, bool SingleSpaces, int? BeginToken)
{
    public const int LongestPiece = 1024;

    /// <summary>Characters that are replaced before anything else; empty where none are.</summary>
    public CharacterMap Characters { get; init; } = CharacterMap.None;

    /// <summary>SHA-256 of all of it: equal where the same text becomes the same ids.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(FormattableString.Invariant($"sentencepiece {IsUnigram} {SpaceFirst} {SingleSpaces} {BeginToken} {Pieces.Count}"));
        foreach (var piece in Pieces)
            Add(FormattableString.Invariant($"{piece.Kind} {BitConverter.SingleToInt32Bits(piece.Score)} {piece.Text}"));
        hash.AppendData(Characters.Bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length)); // so that no two lists run together
            hash.AppendData(bytes);
        }
    }

    public SentencePieceContent Checked(string path)
    {
        var seen = new HashSet<string>(Pieces.Count, StringComparer.Ordinal);
        for (var id = 0; id < Pieces.Count; id++)
        {
            var (text, score, kind) = Pieces[id];
            if (text.Length is 0 or > LongestPiece || !seen.Add(text))
                throw Damaged($"piece {id} is empty, there twice, or longer than {LongestPiece} characters");
            if (!float.IsFinite(score))
                throw Damaged($"piece {id} has the score {score}");
            if (!Enum.IsDefined(kind))
                throw Damaged($"piece {id} has the kind {(int)kind}");
            if (kind == PieceKind.Byte && SentencePieceTokenizer.ByteOf(text) is null)
                throw Damaged($"piece {id} stands for a byte and is spelled '{text}', expected '<0x00>' to '<0xFF>'");
        }
        if (Pieces.Count(p => p.Kind == PieceKind.Unknown) != 1)
            throw Damaged("it needs one piece for what is unknown");
        if (Pieces.Count(p => p.Kind == PieceKind.Byte) is not (0 or 256) and var bytes)
            throw Damaged($"it has {bytes} pieces that stand for bytes, expected none or 256");
        return this;

        Llm4MsrException Damaged(string what) => new(FaultKind.Damaged, $"The tokenizer of '{path}' is damaged: {what.Shortened()}. Get the model again.");
    }
}
