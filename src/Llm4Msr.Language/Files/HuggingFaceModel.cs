using Llm4Msr.Language.Tokenization;

namespace Llm4Msr.Language.Files;

/// <summary>
/// A language model in a folder as Hugging Face lays it out: <c>config.json</c>, weights in safetensors, and where there is
/// one <c>tokenizer.json</c> or <c>tokenizer.model</c>. Pickles are never opened.
/// </summary>
internal static class HuggingFaceModel
{
    public static ModelFiles Open(string folder)
    {
        var config = HuggingFaceConfig.Of(JsonSettings.Read(Path.Combine(folder, "config.json")));
        var weights = HuggingFaceWeights.Open(folder, config);
        try
        {
            return new ModelFiles(
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), config, weights,
                TokenizerFiles.Open(folder, config.Architecture), ChatTemplate.TextIn(folder));
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }
}
