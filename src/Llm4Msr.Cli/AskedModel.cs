using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>The language model that a store's prompts were written for, opened again for its tokenizer alone: long titles are cut by tokens.</summary>
internal static class AskedModel
{
    /// <param name="path">Null for none.</param>
    /// <exception cref="Llm4MsrException">It is another model than the store's, and would cut elsewhere.</exception>
    public static PromptReader? Of(KnowledgeStore store, string? path)
    {
        if (path is null)
            return null;
        var reader = PromptReader.Open(path);
        return (reader.TokenizerHash ?? "") == store.Fingerprint.TokenizerHash ? reader : throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is not the model that the knowledge in '{store.Path}' was made with ({store.Fingerprint.Source}): its tokenizer is another. Name that model.");
    }
}
