using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>One spelling of an enumeration's values for files, options and messages: PastOnly is <c>past-only</c>.</summary>
internal static class Spellings
{
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <param name="whatItIs">What is spelled, for the message: "knowledge protocol".</param>
    public static T Parse<T>(string spelling, string whatItIs) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (Of(value) == spelling)
                return value;
        }
        throw new Llm4MsrException(FaultKind.Usage,
            $"'{spelling}' is not a {whatItIs}. Known: {string.Join(", ", Enum.GetValues<T>().Select(Of))}.");
    }
}
