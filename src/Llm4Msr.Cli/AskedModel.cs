using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>The language model that a store's prompts were written for, opened again for its tokenizer: long titles are cut by tokens.</summary>
internal static class AskedModel
{
    /// <param name="path">Null for none.</param>
    /// <exception cref="Llm4MsrException">It is another model than the store's, and would cut elsewhere.</exception>
    public static LanguageModel? Of(KnowledgeStore store, string? path)
    {
        if (path is null)
            return null;
        var model = LanguageModel.Load(path, new LoadOptions(Weights: WeightStorage.Keep));
        if ((model.Identity.TokenizerHash ?? "") == store.Fingerprint.TokenizerHash)
            return model;
        model.Dispose();
        throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is not the model that the knowledge in '{store.Path}' was made with ({store.Fingerprint.Source}): its tokenizer is another. Name that model.");
    }
}
