using Llm4Msr.Language.Tokenization;

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
}
