using System.Text;
using CsCheck;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Tokenization;

public class GoldenTokenizerTests
{
    public static TheoryData<string> Tokenizers => ["gpt2", "smollm", "qwen2", "llama3", "spm_bpe", "spm_unigram"];

    [Theory, MemberData(nameof(Tokenizers))]
    public void TextHasTheIdsOfTheReferenceAndComesBack(string name)
    {
        var tokenizer = GoldenTokenizer.Open(name);
        foreach (var golden in Golden.Read<GoldenTokens[]>("tokenizers", name, "golden.json"))
        {
            Assert.Equal(golden.Ids, tokenizer.Encode(new TextPart(golden.Text, IsFrame: true)));
            Assert.Equal(golden.Decoded, tokenizer.Decode(golden.Ids, withControl: true));
        }
    }

    [Theory, MemberData(nameof(Tokenizers))]
    public void AnyTextComesBackFromItsIds(string name)
    {
        var tokenizer = GoldenTokenizer.Open(name);
        Text().Sample(text => tokenizer.Decode(tokenizer.Encode(new TextPart(text, IsFrame: false))) == text);
    }

    [Fact]
    public void MergingByScoreIsThatOfAnotherImplementation()
    {
        using var stream = File.OpenRead(TestFiles.Golden("tokenizers", "spm_bpe", "tokenizer.model"));
        var other = SentencePieceTokenizerOfMicrosoft(stream);
        var own = GoldenTokenizer.Open("spm_bpe");
        Text().Sample(text => own.Encode(new TextPart(text, IsFrame: false)).SequenceEqual(other.EncodeToIds(text, addBeginningOfSentence: false, addEndOfSentence: false)));
    }

    [Fact]
    public void ThePiecesOfAUnigramModelAreTheLikeliestOfAllCuts()
    {
        var content = SentencePieceModel.Read(TestFiles.Golden("tokenizers", "spm_unigram", "tokenizer.model"));
        var tokenizer = new Llm4Msr.Language.Tokenization.SentencePieceTokenizer(content);
        var scores = content.Pieces.Where(p => p.Kind == PieceKind.Normal).ToDictionary(p => p.Text, p => (double)p.Score);
        Gen.Char["etaoinshr"].Array[1, 9].Select(letters => new string(letters)).Sample(word =>
        {
            var cut = tokenizer.Encode(new TextPart(word, IsFrame: false));
            var score = cut.Sum(id => (double)content.Pieces[id].Score);
            return Math.Abs(score - Best("\u2581" + word)) < 1e-3;
        });

        double Best(string rest) => rest.Length == 0 ? 0 : Enumerable.Range(1, rest.Length)
            .Where(length => scores.ContainsKey(rest[..length])).Max(length => scores[rest[..length]] + Best(rest[length..]));
    }

    [Fact]
    public void TheNameOfAControlPieceInAQuestionStaysText()
    {
        var tokenizer = GoldenTokenizer.Open("spm_bpe");

        Assert.Equal([1], tokenizer.Encode(new TextPart("<s>", IsFrame: true)));
        Assert.DoesNotContain(1, tokenizer.Encode(new TextPart("<s>", IsFrame: false)));
    }

    [Fact]
    public void APieceOfTextThatIsATokenIsNotMergedWhereTheFileSaysSo()
    {
        // Of the token "lo" every merge is taken away: only a rule that looks for whole pieces finds it.
        var content = GoldenTokenizer.Read("llama3");
        var token = content.Merges.Select(m => m.Replace(" ", "", StringComparison.Ordinal)).First(t => t.Length == 2 && t.All(char.IsAsciiLetterLower));
        content = content with { Merges = [.. content.Merges.Where(m => !m.Replace(" ", "", StringComparison.Ordinal).Contains(token, StringComparison.Ordinal))] };

        Assert.Equal(2, new ByteLevelTokenizer(content, "m").Encode(new TextPart(token, IsFrame: false)).Length);
        Assert.Single(new ByteLevelTokenizer(content with { WholePiecesFirst = true }, "m").Encode(new TextPart(token, IsFrame: false)));
    }

    private static Microsoft.ML.Tokenizers.SentencePieceTokenizer SentencePieceTokenizerOfMicrosoft(Stream stream) =>
        Microsoft.ML.Tokenizers.SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);

    private static Gen<string> Text() =>
        Gen.OneOf(Gen.String, Gen.Char["etaoin shr  1290.,'-\n\u00e9\u6771"].Array[0, 40].Select(letters => new string(letters)))
            .Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Replace("\u2581", "", StringComparison.Ordinal).Replace("\uFFFF", "", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal))));
}
