"""500 strings and the base direction of their lines.

Where it stands: ``scripts/logical_order.py`` has them read, and ``tests/rasm/text/test_charset.py`` turns them around and back.

Typed as people type them; written apart from what ``model/rendering/kinds.py`` trains with. A line's base direction is that of the
page it stands on: a code or an amount alone may stand on either.
"""

from __future__ import annotations

from rasm.text.bidi import Direction

# kinds of strings on pages that run from right to left, and from left to right
_RTL = {
    "dates": """
التاريخ ٢٠٢٤/٠١/٣١
في 31/1/2024 وصل الوفد
سنة ١٣٤٥ هـ / ١٩٢٦ م
يوم 2024-01-31 مساء
من 2024/09/15 حتى 2024/10/15
الأحد 3 مارس 2019
بتاريخ 12.5.2020 صدر القرار
عام 1445هـ الموافق 2024م
ولد سنة 1889 م في القاهرة
تاريخ الانتهاء: 12/27
5 يونيو 1967
حرر في ٣ / ٤ / ١٤٤٠""",
    "ranges": """
عام 1996-2000
عام 1996-2000 م
(١٩٥٠ - ١٩٦٠) .
الصفحات ١٢-١٥ من الكتاب
من 8:00 ص إلى 4:30 م
الأعمار 12-18 سنة
بين 5 و 10 سنوات
الموسم 2018/2019
الفصول 3-7
درجات الحرارة 25-30 مئوية
المواد (10-15)
سعره 100-200 ريال""",
    "percentages and money": """
بلغت 25% من الناتج
نسبة ٣,٥% من السكان
50% من الطلاب
خصم %15 على الكل
%20 من الناس
السعر 1,250.50 $
نسبة النمو 3.75% مقابل -1.2% سابقا
خصم 15% على الكل
المبلغ: 1,500.00 ريال
الإجمالي 99.50 €
بقيمة $ 20 فقط
رسوم قدرها 35 د.ك
ضريبة القيمة المضافة (15%)
الرصيد: 2,345,678 SAR
دفع £300 نقدا
تكلفة 12.5 مليون دولار
المجموع = 450 جنيها""",
    "telephone numbers": """
هاتف: +966 11 234-5678
اتصل على 0123-456-789 الآن
جوال: 055-123-4567 فاكس: 011-465-2211
هاتف 920001234
للتواصل: 0501234567
الرقم الموحد 199099
هاتف: (02) 2345678
واتساب +971501234567
تحويلة 204
خدمة العملاء 800 124 9000""",
    "times": """
الساعة 12:30 صباحا
الموعد: 14:30
تبدأ الحصة 7:45 وتنتهي 8:30
مدة الفيلم 1:52:30
كل يوم 9:00 ص
الأذان ٥:١٢ صباحا
بعد 24 ساعة
من الساعة 10 إلى الساعة 12""",
    "brackets and quotes": """
(ص ١٢) [سكت] {١}
قال: «نعم» ثم (انصرف)
﴿قل هو الله أحد﴾
[قال :] (٧٥) وجعل
قال النبي ﷺ: «إنما الأعمال بالنيات»
"كلمة" بين علامتين
(أ) نعم (ب) لا
كتاب «الأم» [ج ٢]
وقال (رحمه الله)
انظر: {المائدة}
سأل: (هل جاء؟)
المادة (12/ب) من النظام رقم م/51""",
    "Latin at the end": """
نهاية السطر word.
كتاب عن Windows 10
انظر (p. 25)
اللغة العربية (Arabic)
البريد: info@al-noor.com.sa
الموقع www.vision2030.gov.sa
رقم الفاتورة INV-2024-00871
جهاز iPhone 15
منصة YouTube
ملف report.pdf
حمل التطبيق من Google Play
لغة البرمجة Python
الحساب @ahmed_2024
شركة Microsoft""",
    "Latin at the beginning": """
Windows 10 نظام تشغيل
PDF هو صيغة
«Time» مجلة أمريكية
COVID-19 في الشرق الأوسط
YouTube أكبر موقع للمقاطع
Python لغة سهلة
5G و Wi-Fi 6
NASA تطلق مركبة
iPhone 15 متوفر الآن
HTML لغة ترميز الصفحات""",
    "Latin inside": """
هذا كتاب Smith, J. (1990) في العلم
عنوان email وحده هنا
من New York إلى بيروت
شركة VISION للاستثمار ش.م.ك
الإصدار v2.1.0 من USB-C
حمل ملف data.csv من الموقع
استخدم Ctrl+C للنسخ
مادة H2O هي الماء
تقنية Wi-Fi 6 الجديدة
طريق E-45 مغلق
فيتامين B12 مهم
فريق Real Madrid يفوز
مقال في The Times أمس
اضغط OK ثم خروج""",
    "numbered": """
١ - اللهم (٢)
1. المقدمة
أ) الباب الأول
1) الخيار الأول 2) الخيار الثاني
الفقرة 4.2.1
(3) الأهداف
أ. تعريف
٢. الفصل الثاني
10- الخاتمة
المادة 7 : النفاذ
البند 3-2
صفحة 3 من 12""",
    "bullets and boxes": """
• نقطة أولى
- بند أول
● عنوان فرعي
■ ملاحظة
☐ موافق
☑ تم الدفع
✓ مكتمل
✗ مرفوض
➢ خطوة
▪ بند
★ مميز
☐ نعم ☑ لا""",
    "handles and hashtags": """
#السعودية_العظمى
تابعونا على @alarabiya
#رؤية_2030 تتحقق
وسم #عاجل اليوم
حساب @user_1 رسمي
#يوم_التأسيس
رد على @m_ali
#كأس_العالم 2022""",
    "codes": """
رقم الآيبان: SA03 8000 0000 6080 1016 7519
رقم اللوحة: أ ب ج 1234
الرمز البريدي 12345-6789
رقم الطلب: A-1029
الموديل SM-G991B
رقم التسلسل X7K-99P
الرحلة SV 123
البوابة B7
الغرفة 12-A
رقم القضية ٤٥/ق
ISBN 978-9953-0-1234-5 كتاب
الرقم الضريبي 310122393500003""",
    "mathematics and units": """
س + ص = 12
درجة الحرارة 38°م
المساحة 120 م²
السرعة 80 كم/س
الوزن 5 كغ
الطول 1.75 م
الذاكرة 16 GB
٥ × ٣ = ١٥
قوة 220 V
½ كوب سكر
الضغط 120/80
تردد 50 Hz""",
    "punctuation": """
ما هذا؟!
قال : نعم ؛ ثم مضى .
أولا، ثانيا، ثالثا...
مرحبا!
هل تعرف Word؟
كلا، لا أعرف.
نعم - لا
و/أو
(...)
إلخ...
ص. ب. 123
د. أحمد""",
    "figures alone": """
٢٠٢٤
١٢ - ١٥
(١٢)
٣٫٥
١٬٢٥٠
- ٢٠ -
٢ × ٣
١/٤
٩٩٪
[٣]""".replace("٬", "،")
    .replace("٫", ",")
    .replace("٪", "%"),
    "other languages of the script": """
قیمت 456 تومان است
تلفن: ۰۲۱-۸۸۷۶۵۴۳۲
کتاب ۱۵۰ روپے میں
ساڵی ١٨٩٨ لە قاهیرە
نسخه 2.0 منتشر شد
می‌گویند که 65% بود
ٹیلی فون 042-111
د ۱۹۹۰ کال
ایمیل: info@site.ir
صفحه ۳ از ۱۲
نرم‌افزار Word را باز کنید
پتہ: House 12, Block B""",
}
_RTL["newspapers and offices"] = """
وزير الخارجية: لا تعليق
قرار رقم 12/2024
الجلسة (45) لعام 1446هـ
المعاملة رقم 4521/ص
الكود: 7788
نموذج (أ-3)
م. خالد العمري
أ.د. سعاد علي
ملحق رقم (2)
عدد الصفحات: 320
الطبعة الثالثة، 2015
دار الفكر، بيروت - لبنان
ط 2، ج 3، ص 45
(انظر الشكل 4)
الجدول 3: النتائج
المصدر: وكالة رويترز (Reuters)
تحميل 75%...
الإصدار 3.0.1 (تجريبي)
جوجل (Google) وآبل (Apple)
سعر الصرف: 1 USD = 3.75 SAR
خط الطول 46°
رقم العضوية #1024
الدفعة 2/3
لجنة الـ 50
نسبة 1:3
القسم أ/2
الخط الساخن: 937
السجل التجاري: 1010123456
ت: 4567890 - ف: 4567891
الحد الأقصى = 10 MB
منذ 5 دقائق
شارع 14، حي 3
المقاس: 42 (EU)
رد واحد (1)
#1 في المبيعات
فصيلة الدم O+ أو A-
العرض ينتهي 30/6
من 100 درجة
الوحدة: كجم/م²
سيارة موديل 2020""".replace("1 USD = 3.75 SAR", "3.75 ريال")
_LTR = {
    "English prose": """
The quick brown fox jumps over the lazy dog.
She said, "Yes, of course!" and left.
Is this (really) what you want?
It's a five-year plan; see page 12.
Hello, world!
Dear Sir or Madam,
All rights reserved.
Chapter 1: The Beginning
Mr. J. R. Smith, Ph.D.
e.g. this one, i.e. that one
New York, NY 10001
[Editor's note: see p. 4.]
Table of contents
What's new?
Part-time job (3 days)
To be continued...""",
    "French, German, Turkish": """
L'été dernier, à Genève.
Où êtes-vous ?
C'est « très » bien !
Ça va, garçon ?
Größe: 12 cm
Straße 5, München
für die Übersicht
İstanbul, Türkiye
Çok güzel!
Şubat ayı
œuvre complète, tome II
12 août 1944
Prix : 25,00 €
Année 2019-2020""",
    "Arabic in English": """
The word كتاب means book in Arabic.
He wrote السلام عليكم at the top of it.
Name (Arabic): محمد علي
Name: محمد علي
She lives in القاهرة with her family now.
The title "ألف ليلة" is well known here.
Please type نعم or no in the box.
Company: شركة النور Ltd.
Search for #القدس on the web
Subject: تقرير weekly""",
    "dates": """
12 March 2019
March 12, 2019
2024-01-31
31/01/2024
Date: 05/06/2023
1st of May, 1990
2019-2020 season
2024-09-15T14:30:00Z
Exp. 12/27
Mon, 3 Jun 2024""",
    "times and ranges": """
9:00 AM - 5:00 PM
10:00-12:00
14:30
pp. 12-15
Ages 5-10
1996-2000
5 - 7
Mon-Fri 8:30-16:00
1:52:30
Room 3, 9:15 am""",
    "money": """
$1,250.00
Total: $ 45.90
€99.50
25.00 EUR
USD 1,250.00
SAR 500
Price: 12,50 €
£3.99 each
-$20.00
+15%
3.75%
%41.8
Discount (10%): -5.00
1,000,000
5 x $10 = $50
₺250""",
    "telephone numbers": """
+966 11 465 2210
+1 (555) 123-4567
(097) 852-1712
055-123-4567
Tel: +44 20 7946 0958
0501234567
800 124 9000
Fax: 011-465-2211
+971501234567
Call 911
Mobile: 0555 123 456
1-800-555-0199""",
    "addresses of mail and web": """
info@example.com
www.example.org
https://example.com/a/b?id=5&x=1
http://www.site.net/page-2.html
first.last@company.co.uk
Visit www.site.com today.
@user_name
#HashTag_2030
Follow @nasa for more
https://example.com/#top
user+tag@mail.com
ftp://files.example.com""",
    "codes": """
INV-2024-00871
SA03 8000 0000 6080 1016 7519
IBAN: KW81CBKU0000000000001234560101
ISBN 978-9953-0-1234-5
A4, B5, C3
v2.1.0
Order #12345
SKU: X7K-99P/2
VAT 310122393500003
MAC 00:1A:2B:3C:4D:5E
192.168.1.254
ABC-123
Flight SV 123, gate B7
USB-C 3.2
ISO 9001:2015
P.O. Box 123
B2B/B2C
0O1lI5S8B""",
    "files and commands": """
report_final.pdf
C:\\Users\\name\\file.txt
/usr/local/bin
python train.py --out runs/a
git commit -m "fix"
a = b[i] + c(2)
data-v2.csv
if (x > 0) { y = 1; }
<b>bold</b>
*.txt
key=value
[x] done
# Title
- [ ] task
rm -rf build/""",
    "lists": """
1. Introduction
2) Second point
(a) First
- item one
• First point
* note
☐ Yes
☑ Done
✓ Checked
➢ Next step
3.2.1 Methods
[1] Smith 1990
→ see below
A. Choice
iv) last""",
    "mathematics and units": """
x² + 5x = 14
2 + 2 = 4
H2O
5 km/h
25°C
10 m²
16 GB RAM
a < b
3 × 4 = 12
y = (x - 1)/2
±0.5 mm
90%
½ cup
120/80 mmHg
E = mc²
50 Hz""",
    "punctuation": """
Yes/No
and/or
(see below)
"quoted"
well-known
A & B
Q: Why? A: Because.
...
50/50
one; two; three
* * *
No. 5
it's
rock 'n' roll
a.m.""",
}  # fmt: skip
_LTR["screens and papers"] = """
Sign in / Sign up
Page 3 of 12
Loading 75%...
File > Open > Recent
Ctrl+C
Step 2/5
Fig. 3: Results (n = 45)
Table 2.1
Version 3.0.1 (beta)
Copyright © 2024
Terms & Conditions
Username: ahmed_2024
Password: 8 characters or more
Qty: 2 x 15.00 = 30.00
Due: 15/10/2024
To: info@example.com
Re: Meeting (Monday)
Hotel ★★★★
Rated 4.5/5
Size: 42 (EU)
Batch #A-77
[OK] [Cancel]
Vol. 12, No. 3, pp. 45-67
ISSN 1234-5678
doi: 10.1000/xyz123
Temperature: -5°C
Width x Height: 20 x 30 cm
1st, 2nd, 3rd
GMT+3
24/7
R&D
No. of pages: 320
Ph.D. (Oxford)
St. John's, 1850-1900
Est. 1975
Gate B7 / Seat 12A""".replace("★★★★", "★")
# drawn on a page of the other direction, where it looks the same or where its signs tell the direction
_ENGLISH_ON_ARABIC_PAGES = """
Hello, world!
All rights reserved.
What's new?
@user_name
#HashTag_2030
$ 45.90
€ 99.50
1. Introduction
• First point
☐ Yes
info@example.com
https://example.com/a/b
x² + 5x = 14
INV-2024-00871
IBAN: KW81CBKU0000000000001234560101
192.168.1.254
2024-01-31
14:30
1996-2000
3.75%
report_final.pdf
H2O
25.00 EUR
Chapter 1: The Beginning
VAT 310122393500003
A4, B5, C3
ISBN 978-9953-0-1234-5
It works.
Why?
Yes!
(optional)
Step 1.
Done.
Python 3.12
50 Hz
v2.1.0
0501234567
1,250.00
12/27
Wi-Fi 6"""
_ARABIC_ON_ENGLISH_PAGES = """
كتاب الأم
محمد علي
مرحبا بكم
القاهرة، مصر
#القدس
سنة ٢٠٢٤
«نعم»
لا
شركة النور
السلام عليكم ورحمة الله"""

#: drawn alike from two orders of typing: these come back in the other one
AMBIGUOUS = {"الغرفة 12-A", "25.00 EUR"}
SUITE: list[tuple[str, str, Direction]] = [
    *((kind, text, "rtl") for kind, texts in _RTL.items() for text in texts.strip().splitlines()),
    *((f"{kind}, left to right", text, "ltr") for kind, texts in _LTR.items() for text in texts.strip().splitlines()),
    *(("English on Arabic pages", text, "rtl") for text in _ENGLISH_ON_ARABIC_PAGES.strip().splitlines()),
    *(("Arabic on English pages", text, "ltr") for text in _ARABIC_ON_ENGLISH_PAGES.strip().splitlines()),
]
