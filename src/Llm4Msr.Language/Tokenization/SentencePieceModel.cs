using System.Buffers.Binary;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tokenization;

/// <summary>Reads <c>tokenizer.model</c>: a protocol buffer with pieces, how they were trained, and how a text is normalised.</summary>
internal static class SentencePieceModel
{
    private const long LargestFile = 64 << 20;
    private const int MostPieces = 4 << 20;

    public static SentencePieceContent Read(string path)
    {
        var file = new FileInfo(path);
        if (file.Length > LargestFile)
            throw Damaged(path, $"it has {file.Length} bytes, at most {LargestFile} are read");
        var reader = new ProtobufReader(File.ReadAllBytes(path), 0, path);
        List<Piece> pieces = [];
        var (kind, spaceFirst, singleSpaces, escaped, bytes, suffix) = (1UL, true, true, true, false, false);
        var characters = CharacterMap.None;
        while (reader.Next() is { } field)
        {
            switch (field)
            {
                case 1:
                    pieces.Add(ReadPiece(reader.Message()));
                    if (pieces.Count > MostPieces)
                        throw Damaged(path, $"it has more than {MostPieces} pieces");
                    break;
                case 2:
                    for (var trainer = reader.Message(); trainer.Next() is { } setting;)
                    {
                        switch (setting)
                        {
                            case 3: kind = trainer.Number(); break;
                            case 24: suffix = trainer.Number() != 0; break;
                            case 35: bytes = trainer.Number() != 0; break;
                        }
                    }
                    break;
                case 3:
                    for (var normalizer = reader.Message(); normalizer.Next() is { } setting;)
                    {
                        switch (setting)
                        {
                            case 2: characters = CharacterMap.Of(normalizer.Bytes()) ?? throw Damaged(path, "its map of characters is not one"); break;
                            case 3: spaceFirst = normalizer.Number() != 0; break;
                            case 4: singleSpaces = normalizer.Number() != 0; break;
                            case 5: escaped = normalizer.Number() != 0; break;
                        }
                    }
                    break;
            }
        }
        if (kind is not (1 or 2) || suffix || !escaped)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"'{path}' holds a SentencePiece model of type {kind}{(suffix ? ", with spaces behind words" : "")}"
                + $"{(escaped ? "" : ", with spaces as they are")}, which is not supported. Supported: unigram and BPE, with spaces before words.");
        }
        if (bytes != pieces.Any(piece => piece.Kind == PieceKind.Byte))
            throw Damaged(path, bytes ? "it falls back to bytes and has no pieces for them" : "it has pieces for bytes and does not fall back to them");
        return new SentencePieceContent(pieces, IsUnigram: kind == 1, spaceFirst, singleSpaces, BeginToken: null) { Characters = characters }.Checked(path);
    }

    private static Piece ReadPiece(ProtobufReader message)
    {
        var piece = new Piece("", 0, PieceKind.Normal);
        while (message.Next() is { } field)
        {
            switch (field)
            {
                case 1: piece = piece with { Text = message.Text() }; break;
                case 2: piece = piece with { Score = message.Single() }; break;
                case 3: piece = piece with { Kind = (PieceKind)(int)Math.Min(message.Number(), int.MaxValue) }; break;
            }
        }
        return piece;
    }

    private static Llm4MsrException Damaged(string path, string what) => new(
        FaultKind.Damaged, $"The tokenizer '{path}' is damaged: {what}. Get the model again.");

    /// <summary>Reads the fields of one message from front to back; a length is compared with the bytes that are left before it is believed.</summary>
    private sealed class ProtobufReader(ReadOnlyMemory<byte> bytes, int offset, string path)
    {
        private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        private int _position;
        private ReadOnlyMemory<byte> _value; // of a field with a length or of fixed size
        private ulong _number;
        private int _type;

        /// <returns>The number of the next field, whose value can then be read; null at the end.</returns>
        public int? Next()
        {
            if (_position == bytes.Length)
                return null;
            var tag = Varint();
            _type = (int)(tag & 7);
            var field = tag >> 3;
            if (field is 0 or > int.MaxValue)
                throw Wrong($"has the field {field}");
            switch (_type)
            {
                case 0: _number = Varint(); break;
                case 1: _value = Take(8); break;
                case 2: _value = Take(Varint()); break;
                case 5: _value = Take(4); break;
                default: throw Wrong($"has a field of the kind {_type}");
            }
            return (int)field;
        }

        public ulong Number() => _type == 0 ? _number : throw Wrong("holds something else than a number");

        public float Single() => _type == 5 ? BinaryPrimitives.ReadSingleLittleEndian(_value.Span) : throw Wrong("holds something else than a number of 32 bits");

        public ReadOnlySpan<byte> Bytes() => _type == 2 ? _value.Span : throw Wrong("holds something else than bytes");

        public string Text()
        {
            try
            {
                return s_strict.GetString(Bytes());
            }
            catch (DecoderFallbackException)
            {
                throw Wrong("holds text that is not UTF-8");
            }
        }

        public ProtobufReader Message() => _type == 2
            ? new ProtobufReader(_value, offset + _position - _value.Length, path)
            : throw Wrong("holds something else than a message");

        private ReadOnlyMemory<byte> Take(ulong length)
        {
            if (length > (ulong)(bytes.Length - _position))
                throw Wrong($"claims {length} bytes where {bytes.Length - _position} are left");
            _position += (int)length;
            return bytes.Slice(_position - (int)length, (int)length);
        }

        private ulong Varint()
        {
            ulong number = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (_position == bytes.Length)
                    throw Wrong("ends in the middle of a number");
                var part = bytes.Span[_position++];
                number |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80)
                    return number;
            }
            throw Wrong("has a number of more than 64 bits");
        }

        private Llm4MsrException Wrong(string what) => Damaged(path, $"it {what} before byte {offset + _position}");
    }
}
